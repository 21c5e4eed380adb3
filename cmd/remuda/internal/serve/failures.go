package serve

import (
	"context"
	"log/slog"
	"sync"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/tasks"
)

// failures are the runs of this process that have failed and whose event has yet to
// come: that says what becomes of the task. The zero failures is ready to use.
type failures struct {
	mu   sync.Mutex // guards here
	here map[tasks.ID]bool
}

// mostFailures bounds those whose event does not come, as one that was lost.
const mostFailures = 4096

// middleware notes which runs fail, also by a panic.
func (f *failures) middleware() remuda.Middleware {
	return remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
		return func(ctx context.Context) (err error) {
			returned := false
			defer func() {
				if r, ok := tasks.RunFrom(ctx); ok && (err != nil || !returned) {
					f.add(r.ID)
				}
			}()
			err = next(ctx)
			returned = true
			return err
		}
	})
}

func (f *failures) add(id tasks.ID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.here == nil || len(f.here) >= mostFailures {
		f.here = make(map[tasks.ID]bool)
	}
	f.here[id] = true
}

func (f *failures) take(id tasks.ID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	was := f.here[id]
	delete(f.here, id)
	return was
}

// log tells of what failed in this process. A task that put itself off has no reason.
// A process that is alone also tells of the dead that did not run, as one that has used
// up its attempts when its process was killed.
func (f *failures) log(log *slog.Logger, e tasks.Event, alone bool) {
	if e.State == tasks.Running || !f.take(e.ID) && !(alone && e.State == tasks.Dead) {
		return
	}
	switch {
	case e.State == tasks.Dead:
		log.Error("a task is dead", "task", string(e.ID), "attempts", e.Attempts, "reason", e.Reason)
	case e.State == tasks.Retrying && e.Reason != "":
		log.Warn("an attempt failed", "task", string(e.ID), "attempts", e.Attempts, "reason", e.Reason)
	}
}
