package remuda

import (
	"context"

	"github.com/remuda-go/remuda/internal/dispatch"
)

// A bulkWorker is what a worker needs to run bulks.
type bulkWorker[In, Out any] struct {
	runnerState[[]In, []Out]
	feeder  *bulkFeeder[In, Out]
	worker  *worker[In, Out]
	items   []item[In, Out]
	bulk    bulk[In, Out] // gathered, or running
	callers *callers      // of the run; nil if that has none
}

// work is the goroutine of a worker; see core.work.
func (b *bulkFeeder[In, Out]) work(w *worker[In, Out]) {
	s := &bulkWorker[In, Out]{feeder: b, worker: w}
	s.info.id = w.ID
	s.work()
}

func (s *bulkWorker[In, Out]) work() {
	unlabel()
	returned := false
	defer func() {
		if !returned {
			s.feeder.runner.breakRun(&s.runnerState, ErrGoexit, true)
			go s.work() // this goroutine is lost
		}
	}()
	for {
		broke := s.workUntilPanic()
		if broke == nil {
			break
		}
		s.feeder.runner.breakRun(&s.runnerState, broke, false)
	}
	returned = true
	unlabel()
	s.feeder.core.workerGone(nil)
}

// workUntilPanic runs bulks until the worker is to end, and returns nil, or until
// something around a run panics, and returns that.
func (s *bulkWorker[In, Out]) workUntilPanic() (broke *PanicError) {
	returned := false
	defer func() {
		if !returned {
			broke = newPanicError(recover())
		}
	}()
	c := s.feeder.core
	for more := true; more; {
		if s.items, more = dispatch.Gather(&c.Dispatcher, s.worker, s.items[:0]); more {
			s.load()
			s.run()
		}
	}
	returned = true
	return nil
}

// load makes a bulk of what was gathered.
func (s *bulkWorker[In, Out]) load() {
	b := &s.bulk
	b.ins = make([]In, 0, len(s.items))
	for _, it := range s.items {
		if it.env != nil && it.env.visitor != nil {
			b.addGuest(it.env.visitor)
		} else {
			s.add(it)
		}
	}
	clear(s.items)
	b.borrow()
}

// add adds an input of the queue to the bulk, or drops it if its caller has gone.
func (s *bulkWorker[In, Out]) add(it item[In, Out]) {
	c, own := s.feeder.core, &s.worker.State
	var r *runContext
	if it.env != nil {
		r = it.env.run
	}
	if r == nil {
		r = c.sharedContext(own)
	}
	if err := c.refusedRun(r); err != nil {
		own.env = it.env
		c.dropItem(own, r, it.in, err, c)
		return
	}
	if s.bulk.ins = append(s.bulk.ins, it.in); r.mode == byEither {
		s.bulk.addCaller(r.parent)
	} else {
		s.bulk.addCaller(context.Background())
	}
	s.bulk.origins = append(s.bulk.origins, bulkOrigin[In, Out]{env: it.env})
}

// run runs the bulk.
func (s *bulkWorker[In, Out]) run() {
	b, ref := &s.bulk, &s.feeder.core.ref
	if len(b.ins) == 0 {
		s.settle(bulkResult[Out]{})
		return
	}
	unlabel()
	var r *runContext
	if b.endless {
		r = newRunContext(context.Background(), ref, valuesOnly)
	} else {
		s.callers = &callers{all: b.callers}
		r = newRunContext(s.callers, ref, byEither)
	}
	r.slot.Beside = len(b.ins) - 1
	s.feeder.runner.runJob(&s.runnerState, r, b.ins, s.worker.Stamp, s)
}

var _ = (*bulkWorker[Void, Void]).record // is a recorder

// record counts the outcomes of the inputs and hands them on.
func (s *bulkWorker[In, Out]) record(_ *runnerState[[]In, []Out], outs []Out, err error, o dispatch.Outcome) {
	if s.callers != nil {
		s.callers.release()
		s.callers = nil
	}
	if o == dispatch.Dropped {
		s.feeder.core.drops.begin()
		defer s.feeder.core.drops.end()
	}
	s.settle(bulkResult[Out]{outs, err, byInput(err), o})
}

// settle gives each input its outcome. All are counted before anybody is told.
func (s *bulkWorker[In, Out]) settle(all bulkResult[Out]) {
	b := &s.bulk
	var tally dispatch.Tally
	for i, from := range b.origins {
		if res := all.at(i); from.batch != nil {
			from.batch.settle(from.at, res)
		} else {
			tally.Count(res.outcome)
		}
	}
	s.feeder.core.CountAll(&tally)
	for _, v := range b.visits {
		if v.batch != nil {
			v.visitor.takeBack(v.batch, &s.worker.State)
		}
	}
	for i, from := range b.origins {
		if from.batch == nil {
			s.hand(from.env, i, all.at(i))
		}
	}
	b.clear()
}

// hand hands on the outcome of the input i, which came from the queue.
func (s *bulkWorker[In, Out]) hand(env *envelope[In, Out], i int, res result[Out]) {
	if env != nil && env.run != nil {
		env.run.end()
		env.run = nil
	}
	if env != nil && env.sink != nil {
		env.sink.settle(res.out, res.err, s.exited)
	} else if res.outcome == dispatch.Dropped {
		c := s.feeder.core
		c.drops.tellRefused(s.bulk.ins[i], res.err, c.life.note)
	}
}
