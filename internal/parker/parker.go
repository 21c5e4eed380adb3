// Package parker lets one goroutine wait for a change of what a mutex guards.
package parker

// A Parker is a condition variable for one goroutine. Nobody is woken who does
// not wait, and no lock is held to wake. The zero Parker is ready for use, and one at
// which nobody ever waits has no channel.
//
// The waiter, with the mutex: Arm, unlock, Park. The code that changes something,
// with the mutex: Disarm, unlock, and Wake if Disarm returned true. A waiter that
// finds, with the mutex, that it need not wait after all calls Disarm itself, and
// Park if that returns false: somebody has disarmed it and is about to wake it.
type Parker struct {
	ch    chan struct{} // of capacity 1; made with the mutex, when somebody is first about to wait
	armed bool          // guarded by the mutex
}

// Arm says that the caller is about to wait. It needs the mutex.
func (p *Parker) Arm() {
	p.Prepare()
	p.armed = true
}

// Prepare is the part of Arm that Park and Wake need. It is for a waiter that lets
// others know in another way.
func (p *Parker) Prepare() {
	if p.ch == nil {
		p.ch = make(chan struct{}, 1)
	}
}

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
