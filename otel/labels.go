package remudaotel

import (
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// maxErrorTypes bounds the pairs of pool and error.type that [Metrics] tells
// apart. What comes beyond is _OTHER, the conventions' name for it.
const maxErrorTypes = 100

// labels keeps the attributes of measurements, made on first need. The zero
// value is empty. It is safe for concurrent use.
type labels struct {
	mu    sync.RWMutex
	known map[label]*attributes // guarded by mu
	kinds int                   // pairs in known that count; guarded by mu
}

// A label is what tells one series of measurements from another.
type label struct{ pool, errorType string }

// attributes are those of a measurement, as instruments take them: an option
// made for each measurement would cost allocations.
type attributes struct {
	add    []metric.AddOption
	record []metric.RecordOption
}

// of returns the attributes for a pool, and for runs that failed with errorType
// unless that is empty.
func (l *labels) of(pool, errorType string) *attributes {
	key := label{pool, errorType}
	l.mu.RLock()
	a := l.known[key]
	l.mu.RUnlock()
	if a != nil {
		return a
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known[key] == nil && errorType != "" {
		if l.kinds == maxErrorTypes {
			key.errorType = semconv.ErrorTypeOther.Value.AsString()
		} else {
			l.kinds++
		}
	}
	a = l.known[key]
	if a == nil {
		if l.known == nil {
			l.known = make(map[label]*attributes)
		}
		a = key.attributes()
		l.known[key] = a
	}
	return a
}

func (k label) attributes() *attributes {
	var attrs []attribute.KeyValue
	if k.pool != "" {
		attrs = append(attrs, poolKey.String(valid(k.pool)))
	}
	if k.errorType != "" {
		attrs = append(attrs, semconv.ErrorTypeKey.String(k.errorType))
	}
	opt := metric.WithAttributeSet(attribute.NewSet(attrs...))
	return &attributes{add: []metric.AddOption{opt}, record: []metric.RecordOption{opt}}
}
