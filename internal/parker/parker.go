// Package parker lets one goroutine wait for a change of what a mutex guards.
package parker

// A Parker is a condition variable for one goroutine. Nobody is woken who does
// not wait, and no lock is held to wake. Make one with New.
//
// The waiter, with the mutex: Arm, unlock, Park. Whoever changes something, with
// the mutex: Disarm, unlock, and Wake if Disarm returned true. A waiter that
// finds, with the mutex, that it need not wait after all calls Disarm itself, and
// Park if that returns false: somebody has disarmed it and is about to wake it.
type Parker struct {
	ch    chan struct{} // of capacity 1
	armed bool          // guarded by the mutex
}

// New returns a Parker at which nobody waits.
func New() Parker { return Parker{ch: make(chan struct{}, 1)} }

// Arm says that the caller is about to wait. It needs the mutex.
func (p *Parker) Arm() { p.armed = true }

// Park blocks until Wake. It must be called without the mutex.
func (p *Parker) Park() { <-p.ch }

// Disarm reports whether somebody waits, or is about to, and takes that note
// back: the caller owes the waiter a Wake. It needs the mutex.
func (p *Parker) Disarm() bool {
	armed := p.armed
	p.armed = false
	return armed
}

// Wake ends a Park, for the caller of Disarm. It never blocks, and must be called
// without the mutex.
func (p *Parker) Wake() { p.ch <- struct{}{} }
