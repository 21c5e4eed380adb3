package remudajetstream

import (
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A pulse keeps the message of a run from being redelivered while the run
// lasts. Each worker has one, for one run after the other: a timer that never
// fires costs less than a goroutine for each run.
type pulse struct {
	mu    sync.Mutex // guards what follows, and keeps a beat from coming after the ack
	timer *time.Timer
	every time.Duration
	msg   jetstream.Msg // nil between runs
}

func (p *pulse) start(msg jetstream.Msg, every time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.msg, p.every = msg, every
	if p.timer == nil {
		p.timer = time.AfterFunc(every, p.beat)
	} else {
		p.timer.Reset(every)
	}
}

// beat runs on a goroutine of its own. It may come late, when the run is over
// and perhaps the next has begun, which does no harm.
func (p *pulse) beat() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.msg == nil {
		return
	}
	// A beat that gets lost is made up for by the next; if none gets through,
	// the server cannot tell this worker from one that has died.
	if err := p.msg.InProgress(); !errors.Is(err, jetstream.ErrMsgAlreadyAckd) {
		p.timer.Reset(p.every)
	}
}

func (p *pulse) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timer.Stop()
	p.msg = nil
}
