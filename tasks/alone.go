package tasks

import (
	"context"
	"sync"
	"sync/atomic"
)

// A share is a run's part in its process: all of it for a suspect, which must run
// alone until its end is recorded (rule 11), a small one for every other.
type share struct {
	client   *Client
	weight   int64
	progress atomic.Pointer[progress]

	mu      sync.Mutex // guards what follows; never held while waiting for the share
	held    bool
	waiting int  // calls that wait for other tasks, for which the share is lent
	taking  bool // somebody is taking it back
	over    bool // the run has ended
}

func (c *Client) newShare(suspect bool) *share {
	s := &share{client: c, weight: 1}
	if suspect {
		s.weight = everybody
	}
	return s
}

// join waits until the run may begin, and reports whether it had to wait. First come,
// first served: a suspect that waits for the others to end is not passed by new ones.
func (s *share) join(ctx context.Context) (waited bool, err error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if !s.client.alone.TryAcquire(s.weight) {
		waited = true
		if err := s.client.alone.Acquire(ctx, s.weight); err != nil {
			return waited, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = true
	return waited, nil
}

// leave ends the run's part.
func (s *share) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	s.giveUpLocked()
}

func (s *share) giveUpLocked() {
	if s.held {
		s.held = false
		s.client.alone.Release(s.weight)
	}
}

// lend gives up the share of the run that ctx belongs to, if any, while that run
// waits for another task: the other could otherwise wait for a suspect that waits
// for this one. The function that it returns takes the share back, unless another
// goroutine of the run still waits.
func lend(ctx context.Context) (resume func()) {
	r, ok := ctx.Value(runKey{}).(*Run)
	if !ok {
		return func() {}
	}
	s := r.share
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting++
	s.giveUpLocked()
	// The run has to have its share to go on, whatever became of its context.
	return func() { s.resume(context.WithoutCancel(ctx)) }
}

func (s *share) resume(ctx context.Context) {
	s.mu.Lock()
	s.waiting--
	if s.waiting > 0 || s.taking || s.over {
		s.mu.Unlock()
		return
	}
	s.taking = true
	s.mu.Unlock()
	err := s.client.alone.Acquire(ctx, s.weight)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taking = false
	if s.held = err == nil; s.waiting > 0 || s.over { // meanwhile it waits once more, or is over
		s.giveUpLocked()
	}
}
