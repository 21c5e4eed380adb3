package remuda

import "sync"

// A lifecycle is what a pool is up to.
//
//	created ---> opened ---> draining ---> finishing ---> finished
//	   |            \           ^
//	   |             `-> sealed'
//	   `------------------------------------------------> finished
//
// Start opens a pool. A herd seals its pool when its input is closed: it takes
// nothing new, and does not end yet. Close, a failed run under StopOnErrors, and the
// end of a source make it draining: it ends when what it has accepted has run. When
// the last worker has gone it is finishing, while it closes its source, and then
// finished. A pool that is closed before it is started is finished immediately.
type lifecycle struct {
	mu      sync.Mutex // guards the rest
	phase   lifePhase
	started bool // it was opened
	closed  bool // by Close
	err     error
	closing error // the first from closing a job or the source, or from a hook
	done    chan struct{}
}

type lifePhase uint8

const (
	created lifePhase = iota
	opened
	sealed
	draining
	finishing
	finished
)

// open makes a created pool opened, and calls the function first, while nobody else
// can use the pool. It returns ErrPoolStarted or ErrPoolClosed if the pool is not
// created.
func (l *lifecycle) open(open func()) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.phase >= draining:
		return ErrPoolClosed
	case l.phase > created:
		return ErrPoolStarted
	}
	open()
	l.phase, l.started = opened, true
	return nil
}

// seal makes an opened pool sealed.
func (l *lifecycle) seal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.phase == opened {
		l.phase = sealed
	}
}

// drain makes the pool draining because of err, if that is not nil. It reports
// whether it was not before, so that the caller is to drain it, and whether the pool
// was started.
func (l *lifecycle) drain(err error) (first, started bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.phase >= draining {
		return false, l.started
	}
	l.phase, l.err = draining, err
	return true, l.started
}

// close notes that Close was called, and reports whether it was before, and whether
// the pool was started.
func (l *lifecycle) close() (again, started bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	again, l.closed = l.closed, true
	return again, l.started
}

// finish makes a draining pool finishing.
func (l *lifecycle) finish() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.phase = finishing
}

// end makes the pool finished, and closes its done channel.
func (l *lifecycle) end() {
	l.mu.Lock()
	l.phase = finished
	done := l.doneLocked()
	l.mu.Unlock()
	close(done)
}

// note keeps the first error from closing something of the user's.
func (l *lifecycle) note(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closing == nil {
		l.closing = err
	}
}

// now returns the phase.
func (l *lifecycle) now() lifePhase {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.phase
}

// reason returns what closed the pool or, after an orderly close, what went wrong as
// it ended.
func (l *lifecycle) reason() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil || l.phase < draining {
		return l.err
	}
	return l.closing
}

// cause returns the error that closed the pool.
func (l *lifecycle) cause() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// doneChan returns the channel that is closed when the pool is finished.
func (l *lifecycle) doneChan() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.doneLocked()
}

func (l *lifecycle) doneLocked() chan struct{} {
	if l.done == nil {
		l.done = make(chan struct{})
	}
	return l.done
}
