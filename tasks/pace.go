package tasks

import (
	"context"
	"time"
)

// A pace holds back what may be done late, so that work does not wait for it: the first
// round of a sweeper reads all records, through the connection and the server that the
// workers use. With 14,000 records, 8 workers ran half as many tasks meanwhile. While
// this process has no work, there is no rest, which takes three quarters of the time: a
// round over 300,000 records took 5 s instead of 20.
type pace struct {
	client *Client
	steps  int
	since  time.Time // when it went on
	used   uint64    // client.used at the last rest
}

const (
	paceSteps = 100 // between two rests
	paceRest  = 3   // a rest is so many times as long as the steps before it took
	mostRest  = 50 * time.Millisecond
)

func (c *Client) newPace() *pace { return &pace{client: c, since: time.Now(), used: c.used.Load()} }

// step is called before each step, and rests now and then, no longer than ctx lasts.
func (p *pace) step(ctx context.Context) {
	if p.steps++; p.steps%paceSteps != 0 {
		return
	}
	if used := p.client.used.Load(); used != p.used {
		p.used = used
		p.client.fault("rest", "")
		_ = sleep(ctx, min(paceRest*time.Since(p.since), mostRest)) // who scans asks ctx
	}
	p.since = time.Now()
}
