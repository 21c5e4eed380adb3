package tasks

import (
	"context"
	"sync/atomic"
)

// A share is a run's part in its process: all of it for a suspect, which must run
// alone until its end is recorded (rule 11), a small one for every other.
type share struct {
	client   *Client
	weight   int64
	progress atomic.Pointer[progress]
}

// join waits until the run may begin. First come, first served: a suspect that
// waits for the others to end is not passed by new ones.
func (c *Client) join(ctx context.Context, suspect bool) (*share, error) {
	s := &share{client: c, weight: 1}
	if suspect {
		s.weight = everybody
	}
	return s, c.alone.Acquire(ctx, s.weight)
}

func (s *share) leave() { s.client.alone.Release(s.weight) }

// lend gives up the share of the run that ctx belongs to, if any, while that run
// waits for another task: the other could otherwise wait for a suspect that waits
// for this one. The function that it returns takes the share back.
func lend(ctx context.Context) (resume func()) {
	r, ok := ctx.Value(runKey{}).(*Run)
	if !ok {
		return func() {}
	}
	r.share.leave()
	return func() {
		// The run has to have its share to go on, whatever became of its context.
		_ = r.share.client.alone.Acquire(context.WithoutCancel(ctx), r.share.weight)
	}
}
