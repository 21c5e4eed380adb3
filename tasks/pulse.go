package tasks

import (
	"sync"
	"time"
)

// A pulse renews the lease of a delivery until it is stopped.
type pulse struct {
	client *Client
	reply  string
	every  time.Duration

	mu    sync.Mutex // keeps a beat from coming after the end
	over  bool
	timer *time.Timer
}

func (c *Client) startPulse(d *delivery, lease time.Duration) *pulse {
	p := &pulse{client: c, reply: d.reply, every: max(lease/3, 10*time.Millisecond)}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timer = time.AfterFunc(p.every, p.beat)
	return p
}

func (p *pulse) beat() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return
	}
	// A beat that gets lost is made up for by the next.
	_ = p.client.nc.Publish(p.reply, []byte("+WPI"))
	p.timer.Reset(p.every)
}

func (p *pulse) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	p.timer.Stop()
}
