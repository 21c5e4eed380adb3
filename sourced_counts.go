package remuda

import "github.com/remuda-go/remuda/internal/dispatch"

// count adds one. A loop of jobs that do nothing would spend half of its time on
// letting Stats know of each run, so it tells of every sixteenth success until
// Stats has looked for the first time.
func (w *sourceWorker[In, Out]) count(o dispatch.Outcome) {
	w.tally[o]++
	if n := w.tally[o]; n%16 == 0 || o != dispatch.Succeeded || !w.forever || w.watched.Load() {
		w.counts[o].Store(n)
	}
}

// addTo adds the counts to a tally, and reports whether the worker is in the
// middle of a run. It looks again when a run has begun meanwhile, so that what it
// adds and what it reports go together; of each run only the end can slip in.
func (w *sourceWorker[In, Out]) addTo(t *dispatch.Tally) (running bool) {
	w.watched.Store(true)
	for {
		begun, ended := w.begun.Load(), uint64(0)
		now := *t
		for o := range w.counts {
			n := w.counts[o].Load()
			now[o] += n
			ended += n
		}
		if w.begun.Load() == begun {
			*t = now
			return w.forever || begun > ended
		}
	}
}
