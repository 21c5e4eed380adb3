package page

import (
	"context"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/tasks"
)

// A run is one in this process, or one that has told of its progress from another.
type run struct {
	id       tasks.ID
	attempt  int
	begun    time.Time
	took     time.Duration // once it has ended
	progress float64
	note     string
}

// runs are those that go on, and those that have ended and whose event has yet to
// come.
type runs struct {
	active map[tasks.ID]*run
	ended  map[tasks.ID]*run
}

func newRuns() runs {
	return runs{active: make(map[tasks.ID]*run), ended: make(map[tasks.ID]*run)}
}

// mostEnded bounds the runs whose event does not come, as one that was lost.
const mostEnded = 4096

// Middleware notes when runs begin and end in this process.
func (h *History) Middleware() remuda.Middleware {
	return remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
		return func(ctx context.Context) error {
			if r, ok := tasks.RunFrom(ctx); ok {
				defer h.begin(r)() // also when the job panics
			}
			return next(ctx)
		}
	})
}

func (h *History) begin(r tasks.Run) (end func()) {
	one := &run{id: r.ID, attempt: r.Attempt, begun: time.Now()}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running.active[r.ID] = one
	delete(h.running.ended, r.ID) // of a run whose end was refused
	return func() {
		now := time.Now()
		h.mu.Lock()
		defer h.mu.Unlock()
		one.took = now.Sub(one.begun)
		h.hour(r.Kind).at(now).took.add(one.took)
		if h.running.active[r.ID] == one {
			delete(h.running.active, r.ID)
		}
		if len(h.running.ended) >= mostEnded {
			clear(h.running.ended)
		}
		h.running.ended[r.ID] = one
	}
}

// settled returns the run that an event is the end of; nil if it was not here.
func (r *runs) settled(id tasks.ID, now time.Time) *run {
	if one := r.ended[id]; one != nil {
		delete(r.ended, id)
		return one
	}
	if one := r.active[id]; one != nil { // cancelled while it runs
		cut := *one
		cut.took = now.Sub(one.begun)
		return &cut
	}
	return nil
}

func (r *runs) progress(e tasks.Event) {
	if one := r.active[e.ID]; one != nil {
		one.progress, one.note = e.Progress, e.Note
	}
}
