package page

import (
	"time"

	"github.com/remuda-go/remuda/tasks"
)

// A Past is a minute as a test would have it.
type Past struct {
	Done, Failed, Dead, Waiting, Running int
	Took                                 []time.Duration
}

// Fill makes the minute that was so many minutes ago what the test says.
func (h *History) Fill(kind string, ago int, p Past) {
	h.mu.Lock()
	defer h.mu.Unlock()
	hour := h.hour(kind)
	hour.at(time.Now())
	m := &hour.ring[(hour.newest-int64(ago))%minutesKept]
	*m = minute{
		done: uint32(p.Done), failed: uint32(p.Failed), dead: uint32(p.Dead), waiting: p.Waiting, running: p.Running, known: true,
	}
	for _, d := range p.Took {
		m.took.add(d)
	}
}

// Began moves the beginning of the history.
func (h *History) Began(t time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.began = t
}

// Record is what an event of the store does.
func (h *History) Record(e tasks.Event, now time.Time) { h.record(e, now) }

// Size is how many reasons and tasks are remembered, and the most attempts of one.
func (h *History) Size() (reasons, failed, attempts int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, of := range h.reasons {
		reasons += len(of)
	}
	for _, of := range h.attempts.failed.tasks {
		attempts = max(attempts, len(of))
	}
	return reasons, len(h.attempts.failed.tasks), attempts
}
