package herdhttp

import (
	"errors"
	"log"
	"net/http"
	"reflect"

	"github.com/remuda-go/remuda"
)

// A Herd is what this package needs of a herd. Every [*remuda.Herd] is one,
// whatever its type parameters. Both methods must be safe for concurrent use.
type Herd interface {
	// HerdSize returns the number of gophers that there should be.
	HerdSize() int

	// SetHerdSize changes that number. It returns an error that wraps
	// [remuda.ErrMinReached], [remuda.ErrMaxReached] or [remuda.ErrPoolClosed] if
	// the number is too small, is too large, or cannot be changed any more.
	SetHerdSize(n int) error
}

var _ Herd = (*remuda.Herd[int, int])(nil)

// An Option changes what [Handler] and [Serve] do.
type Option func(*config) error

// WithAuthorizer sets the function that decides which requests are answered, by
// a token in a header, say. It is asked about every request that the other
// checks let through (see the package's documentation), for metrics too, and can
// tell them apart by the request's method and path. It must not read the
// request's body. It is called by the goroutines that serve, several at a time.
//
// A call of it that panics, or that ends its goroutine, ends its own request
// without an answer and changes nothing.
func WithAuthorizer(authorize func(*http.Request) bool) Option {
	return func(c *config) error {
		if authorize == nil {
			return errors.New("remuda: herdhttp: authorizer is nil")
		}
		c.authorize = authorize
		return nil
	}
}

// WithMetrics sets what is served at GET /metrics; without it, the answer is 404.
// This package has no such handler, since it knows no metrics format; the module
// github.com/remuda-go/remuda/prometheus has one.
func WithMetrics(metrics http.Handler) Option {
	return func(c *config) error {
		if isNil(metrics) {
			return errors.New("remuda: herdhttp: metrics handler is nil")
		}
		c.metrics = metrics
		return nil
	}
}

// WithErrorLog sets where the server that [Serve] starts logs what goes wrong with a
// connection, an authorizer or metrics handler that panicked, and a listener that
// failed. Without it, that is the standard logger of package log, as with every
// [http.Server]. It has no effect on Handler.
func WithErrorLog(l *log.Logger) Option {
	return func(c *config) error {
		if l == nil {
			return errors.New("remuda: herdhttp: error log is nil")
		}
		c.errorLog = l
		return nil
	}
}

// config is what the options have set.
type config struct {
	herd      Herd
	authorize func(*http.Request) bool // nil for loopback addresses only
	metrics   http.Handler             // nil for none
	errorLog  *log.Logger
}

func newConfig(herd Herd, opts []Option) (*config, error) {
	if isNil(herd) {
		return nil, errors.New("remuda: herdhttp: herd is nil")
	}
	c := &config{herd: herd}
	for _, opt := range opts {
		if opt == nil {
			return nil, errors.New("remuda: herdhttp: option is nil")
		}
		if err := opt(c); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// isNil reports whether v is nil, or a pointer or function that is.
func isNil(v any) bool {
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Func:
		return r.IsNil()
	default:
		return false
	}
}
