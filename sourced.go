package remuda

import (
	"slices"
	"sync"

	"github.com/remuda-go/remuda/internal/dispatch"
)

// sourceWorkers is the workers of a pool that is fed by a Source: what the
// dispatcher is to the others. There is no queue and no idle list: each worker runs
// from when it is made until it is stopped.
type sourceWorkers[In, Out any] struct {
	// Set before the first worker starts.
	runner *runner[In, Out]
	source Source[In]
	drops  *dropHook[In]
	close  func(error) // closes the pool
	note   func(error) // notes what went wrong as it ends
	last   func()      // is called when the last worker of a draining pool is gone

	mu       sync.Mutex                          // guards the rest
	wanted   []*sourceWorker[In, Out]            // those that are to go on
	alive    map[*sourceWorker[In, Out]]struct{} // those, and the ones that are to end
	lastID   int
	draining bool
	ended    dispatch.Tally // of the workers that are gone
}

// open starts the first n workers.
func (ws *sourceWorkers[In, Out]) open(n int) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.alive = make(map[*sourceWorker[In, Out]]struct{})
	ws.growLocked(n)
}

// size returns the number of workers that there should be.
func (ws *sourceWorkers[In, Out]) size() int {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return len(ws.wanted)
}

// resize makes n the number of workers. Those that are one too many take nothing
// more.
func (ws *sourceWorkers[In, Out]) resize(n int) {
	ws.mu.Lock()
	ws.growLocked(n)
	out := ws.takeLocked(n)
	ws.mu.Unlock()
	stopAll(out)
}

// drain stops all workers.
func (ws *sourceWorkers[In, Out]) drain() {
	ws.mu.Lock()
	ws.draining = true
	out := ws.takeLocked(0)
	none := len(ws.alive) == 0
	ws.mu.Unlock()
	stopAll(out)
	if none {
		ws.last()
	}
}

func (ws *sourceWorkers[In, Out]) growLocked(n int) {
	for !ws.draining && len(ws.wanted) < n {
		w := newSourceWorker(ws)
		ws.lastID++
		w.info.id = ws.lastID
		ws.wanted = append(ws.wanted, w)
		ws.alive[w] = struct{}{}
		go w.work()
	}
}

// takeLocked takes all wanted workers but the first n out, and returns them.
func (ws *sourceWorkers[In, Out]) takeLocked(n int) []*sourceWorker[In, Out] {
	if n >= len(ws.wanted) {
		return nil
	}
	out := slices.Clone(ws.wanted[n:])
	clear(ws.wanted[n:])
	ws.wanted = ws.wanted[:n]
	return out
}

// gone notes that a worker is gone. With the last one a draining pool ends.
func (ws *sourceWorkers[In, Out]) gone(w *sourceWorker[In, Out]) {
	ws.mu.Lock()
	ws.ended.Add(&w.tally)
	delete(ws.alive, w)
	if i := slices.Index(ws.wanted, w); i >= 0 { // the source has ended, and drain is about to come
		ws.wanted = slices.Delete(ws.wanted, i, i+1)
	}
	last := ws.draining && len(ws.alive) == 0
	ws.mu.Unlock()
	if last {
		ws.last()
	}
}

// stats visits each worker. It returns what has ended, how many inputs run, and how
// many workers are to end.
func (ws *sourceWorkers[In, Out]) stats() (t dispatch.Tally, running, retired int) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	t = ws.ended
	for w := range ws.alive {
		if w.addTo(&t) {
			running++
		}
	}
	return t, running, len(ws.alive) - len(ws.wanted)
}

// stopAll lets workers end after their run, which in a loop is cancelled.
func stopAll[In, Out any](ws []*sourceWorker[In, Out]) {
	for _, w := range ws {
		w.stopped.Store(true)
		w.endNext()
		w.endRun()
	}
}
