package remuda

// A spot is where one goroutine at a time waits for a change of what a mutex
// guards. It is a condition variable without lost time: nobody is woken who does
// not wait, and no lock is held to wake.
type spot struct {
	ch    chan struct{} // of capacity 1
	taken bool          // guarded by the mutex
}

func newSpot() spot { return spot{ch: make(chan struct{}, 1)} }

// enter notes that the caller is about to wait. It needs the mutex.
func (s *spot) enter() { s.taken = true }

// wait blocks until signal. It must be called without the mutex.
func (s *spot) wait() { <-s.ch }

// leave frees the spot, and reports whether somebody is to be signalled. It
// needs the mutex.
func (s *spot) leave() bool {
	was := s.taken
	s.taken = false
	return was
}

// signal ends a wait, for the caller of leave. It must be called without the
// mutex.
func (s *spot) signal() { s.ch <- struct{}{} }
