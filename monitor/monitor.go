// Package monitor is a page that shows pools at work: their workers, queues and rates,
// how long runs take, and what failed lately.
//
//	m := monitor.New()
//	orders, err := remuda.StartWithConfig(remuda.Config{Name: "orders"}, charge, m)
//	if err != nil { ... }
//	mux.Handle("/debug/pools/", m.Handler(orders))
//
// The page is read-only. WithAuthorizer decides who may see it; without it, only
// programs on the same machine may. It shows the texts of errors, and no inputs.
//
// Nothing runs while nobody looks: no goroutine, and no clock but that of the
// middleware.
package monitor

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/remuda-go/remuda"
)

// A Monitor is a [remuda.Middleware] that takes the times of runs and keeps what
// failed lately, and serves the page that shows it. It may be given to any number of
// pools; it tells them apart by their [remuda.Config] Name, and shows pools of the
// same name together, for as long as the Monitor exists. The zero Monitor is not
// usable: [New] makes one. All methods are safe for concurrent use.
//
// It should be the outermost middleware. It costs a run what middleware.Metrics
// does, and one that fails some 200 ns more.
type Monitor struct {
	authorize func(*http.Request) bool // nil for loopback addresses only

	mu        sync.Mutex // guards what follows
	recorders map[string]*recorder
	servers   map[*http.Server]chan struct{} // closed when the server shuts down
}

// An Option changes what [New] makes.
type Option func(*Monitor)

// WithAuthorizer sets the function that decides which requests are answered, by a
// token in a header, say. Without it, the page answers requests that arrive at a
// loopback address and name a loopback host. It must not read the request's body. It
// is called by the goroutines that serve, several at a time.
func WithAuthorizer(authorize func(*http.Request) bool) Option {
	return func(m *Monitor) { m.authorize = authorize }
}

// New returns a Monitor. A nil authorizer is ignored.
func New(opts ...Option) *Monitor {
	m := &Monitor{recorders: make(map[string]*recorder), servers: make(map[*http.Server]chan struct{})}
	for _, opt := range opts {
		opt(m)
	}
	return m
}

// recorder returns that of the pools of the name.
func (m *Monitor) recorder(pool string) *recorder {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.recorders[pool]
	if r == nil {
		r = newRecorder(pool)
		m.recorders[pool] = r
	}
	return r
}

// Wrap makes a Monitor a [remuda.Middleware].
func (m *Monitor) Wrap(next remuda.Handler) remuda.Handler {
	var (
		of    *recorder // known once the first run says which pool it belongs to
		timed remuda.Handler
	)
	return func(ctx context.Context) error {
		if of == nil {
			info, _ := remuda.InfoFrom(ctx)
			of = m.recorder(info.Pool)
			timed = of.metrics.Wrap(next)
		}
		returned := false
		defer func() {
			if !returned {
				of.failed(ctx, errEnded)
			}
		}()
		err := timed(ctx)
		returned = true
		if err != nil {
			of.failed(ctx, err)
		}
		return err
	}
}

// errEnded stands for the error of a run that has none.
var errEnded = errors.New("the run panicked or ended its goroutine in a middleware")
