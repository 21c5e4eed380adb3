package tasks

import (
	"context"
	"time"
)

// A pace holds back what may be done late, so that work does not wait for it: the first
// round of a sweeper reads all records, through the connection and the server that the
// workers use. With 14,000 records, 8 workers ran half as many tasks meanwhile.
type pace struct {
	steps int
	since time.Time // when it went on
}

const (
	paceSteps = 100 // between two rests
	paceRest  = 3   // a rest is so many times as long as the steps before it took
	mostRest  = 50 * time.Millisecond
)

func newPace() *pace { return &pace{since: time.Now()} }

// step is called before each step, and rests now and then, no longer than ctx lasts.
func (p *pace) step(ctx context.Context) {
	if p.steps++; p.steps%paceSteps != 0 {
		return
	}
	rest := time.NewTimer(min(paceRest*time.Since(p.since), mostRest))
	defer rest.Stop()
	select {
	case <-rest.C:
	case <-ctx.Done():
	}
	p.since = time.Now()
}
