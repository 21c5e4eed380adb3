package remuda

import (
	"context"
	"sync"
	"sync/atomic"
)

const (
	// MaxHerdSize is the most gophers that a [Herd] can have. A gopher that has had
	// nothing to do costs nothing, so this only guards against typos.
	MaxHerdSize = 1_000_000

	// readAhead is how many units SendWork takes before a gopher is free for
	// them. Handing over each unit by itself, with two goroutine switches, costs
	// 350 ns a unit; with 16 places it is 160 ns, with 32 it is 140, and with 1024
	// it is 110. It does not depend on how fast the herd is: what a sender can
	// rely on is the same everywhere.
	readAhead = 32

	// maxRetrying is up to how many units may wait, those that are tried again
	// included, before senders have to wait for one to be finished.
	maxRetrying = 1024

	// outputs is how many finished units OutputChan holds for its reader. A
	// gopher that had to wake the reader for each unit would spend more on that
	// than on anything else.
	outputs = 1024
)

// A Herd is a [Pool] with the interface of gofherd: workers, called gophers here,
// take units of [Work] from SendWork, process them, retry those that ask for it, and
// send them to an output channel. Its size can be changed at any time, by method
// and, with package herdhttp, by HTTP.
//
//	herd := remuda.NewHerd(process) // func(*remuda.Work[Body, Result]) remuda.Status
//	herd.SetHerdSize(10)
//	go load(herd) // calls SendWork, and at last CloseInputChan
//	if err := herd.Start(); err != nil { ... }
//	for work := range herd.OutputChan() { ... }
//
// Each unit that SendWork took comes out once, as Success or as Failure, after the
// callbacks have seen it; only [Herd.Close] with a context that ends can prevent
// that. A process function, a callback or a [Logger] that panics or ends its
// goroutine costs no unit, and no other callback its call: [Work.Err] tells.
//
// A Herd is made by NewHerd; the zero Herd is not usable. All methods are safe for
// concurrent use. A Herd whose input is closed and whose work is all delivered
// holds no goroutine; end any other with Close.
type Herd[Body, Result any] struct {
	process func(*Work[Body, Result]) Status
	pool    *Pool[Work[Body, Result], Void]
	out     chan Work[Body, Result]
	ended   chan struct{} // closed after out, as the last thing that happens

	settings[Body, Result]

	// mu guards what follows and, until Start or Close, the settings. It is never
	// held during a call of the user's code, or of anything that waits for a
	// gopher.
	mu      sync.Mutex
	started bool
	closed  bool // by Close
	size    int
	fault   error // what the logger panicked with at a line that nobody waits for
	silent  bool  // the herd has ended, and logs nothing any more

	logging     sync.WaitGroup // calls of the logger; added to under mu, unless silent
	closing     atomic.Bool    // somebody closes the input, or has done so
	inputClosed atomic.Bool    // the pool accepts nothing that is new
	dropping    sync.WaitGroup // units that Close is about to deliver
	finishing   sync.Once

	sent atomic.Uint64 // units that the pool has accepted, or is about to

	_ [64]byte // gophers write what follows, senders what is before

	succeeded, retried, failed atomic.Uint64
}

// NewHerd returns a herd of size 0 whose gophers call process for each unit of work.
// Several gophers call it at a time. It sets the result of the work and returns its
// status. [Herd.Start] refuses a process that is nil.
//
// The Work belongs to process until that returns; after that, its place is used
// for the gopher's next unit. A process function that wants to keep it keeps a
// copy of it.
func NewHerd[Body, Result any](process func(*Work[Body, Result]) Status) *Herd[Body, Result] {
	h := &Herd[Body, Result]{
		process: process,
		pool:    Must(NewWithConfig[Work[Body, Result], Void](Config{Paused: true, Max: MaxHerdSize, Queue: readAhead})),
		out:     make(chan Work[Body, Result], outputs),
		ended:   make(chan struct{}),
	}
	// That can't fail on a new pool. It runs from here on, with no workers, so
	// that SendWork takes and waits in the same way before Start and after.
	h.pool.OnDrop(h.drop)
	_ = h.pool.StartWithBuilder(JobBuilderFunc[Work[Body, Result], Void](func() Job[Work[Body, Result], Void] {
		return &gopher[Body, Result]{herd: h}
	}))
	return h
}

// Start starts the gophers. It does not block. Work that was sent before waits for
// it.
//
// Start returns [ErrPoolStarted] on a second call, [ErrPoolClosed] after Close,
// and [ErrNilJob] if the process function is nil.
func (h *Herd[Body, Result]) Start() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return ErrPoolClosed
	case h.started:
		return ErrPoolStarted
	case h.process == nil:
		return nilError("process function")
	}
	h.started = true
	_ = h.pool.Resize(h.size) // refused if all work is done: the input was closed before
	return nil
}

// SendWork hands a unit of work to the herd. It returns when there is a gopher for
// it or, so that a sender need not be woken for each unit, when fewer than 32 units
// wait for one: the herd takes that many ahead of its gophers, at any herd size, 0
// and the time before Start included. Otherwise it blocks. Blocked senders go in
// order of arrival.
//
// A unit that is retried waits behind all others, blocked senders included, and
// admits one of those, as long as fewer than 1024 units wait.
//
// It returns ErrPoolClosed after CloseInputChan and Close, to blocked senders too;
// the work was not taken. It costs no allocation.
//
// A process function that sends work to its own herd uses SendWorkContext, or the
// gophers may end up waiting for each other.
func (h *Herd[Body, Result]) SendWork(w Work[Body, Result]) error {
	return h.SendWorkContext(context.Background(), w)
}

// SendWorkContext is like SendWork, but stops waiting when ctx ends, and returns
// its error. The context of the work has the values of ctx, and not its deadline or
// cancellation, since the caller moves on. It costs one allocation if ctx is
// neither context.Background() nor context.TODO().
//
// A process function may send more work to its own herd with the context of the work
// at hand: while it waits, another gopher runs in its place.
func (h *Herd[Body, Result]) SendWorkContext(ctx context.Context, w Work[Body, Result]) error {
	w.status, w.retries, w.err, w.ctx = Pending, 0, nil, nil
	h.sent.Add(1)
	err := h.pool.Send(ctx, w)
	if err != nil {
		h.sent.Add(^uint64(0)) // take it back
		h.finish()
	}
	return err
}

// OutputChan returns the channel on which finished work is delivered, in the order
// in which it was finished. It is the same at each call, before Start too. It is
// closed when the input is closed and all work is resolved; nothing of the herd
// runs or logs from then on.
//
// The channel holds up to 1024 units for its reader; NewHerd makes room for them.
// When it is full, gophers wait with their unit in hand: a reader that stops
// reading stops the herd, and Close then needs a context that ends.
func (h *Herd[Body, Result]) OutputChan() <-chan Work[Body, Result] { return h.out }

// HerdStats is what a [Herd] has done and is doing.
type HerdStats struct {
	Size    int    // as HerdSize returns
	Success uint64 // units that succeeded
	Retry   uint64 // times that a unit was sent back to be tried again
	Failure uint64 // units that failed
	Pool    Stats  // of the runs: each try of a unit counts as one input
}

// Stats returns a snapshot. Success, Retry and Failure are counted before the
// callbacks run and before the unit is delivered, so they include every unit that
// OutputChan has delivered.
func (h *Herd[Body, Result]) Stats() HerdStats {
	return HerdStats{
		Size:    h.HerdSize(),
		Success: h.succeeded.Load(),
		Retry:   h.retried.Load(),
		Failure: h.failed.Load(),
		Pool:    h.pool.Stats(),
	}
}
