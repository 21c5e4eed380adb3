package middleware

import (
	"context"
	"time"
)

// A pauser waits on behalf of one worker. It uses one timer again and again, so
// that a pause costs no allocation; between pauses the timer is stopped.
type pauser struct {
	timer *time.Timer
}

// pause waits for d, or until ctx ends: then it returns the error of ctx. That
// wins when both are the case.
func (p *pauser) pause(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	if p.timer == nil {
		p.timer = time.NewTimer(d)
	} else {
		p.timer.Reset(d)
	}
	select {
	case <-p.timer.C:
	case <-ctx.Done():
		p.timer.Stop()
	}
	return ctx.Err()
}
