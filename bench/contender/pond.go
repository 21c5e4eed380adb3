package contender

import (
	"context"

	"github.com/alitto/pond/v2"

	"github.com/remuda-go/remuda/bench/scenario"
)

type pondPool struct{ scenario.Identity }

func newPond() pondPool { return pondPool{peer("pond")} }

type pondSender struct {
	pond.Pool
	job func(in int)
}

func (p pondPool) Sender(workers int, job func(in int)) scenario.Sender {
	return p.Resizer(workers, job)
}

func (p pondPool) Resizer(workers int, job func(in int)) scenario.Resizer {
	return startPond(workers, scenario.QueueSize, job)
}

func (p pondPool) QueueSender(workers, queue int, job func(in int)) scenario.Sender {
	return startPond(workers, queue, job)
}

func (p pondPool) WideSender(workers, queue int, job func(in scenario.Wide)) scenario.WideSender {
	return pondWideSender{startPond(workers, queue, nil), job}
}

type pondWideSender struct {
	pondSender
	job func(in scenario.Wide)
}

func (s pondWideSender) Send(in scenario.Wide) { must(s.Go(func() { s.job(in) })) }

func startPond(workers, queue int, job func(in int)) pondSender {
	return pondSender{pond.NewPool(workers, pond.WithQueueSize(queue)), job}
}

func (s pondSender) Send(in int) { must(s.Go(func() { s.job(in) })) }
func (s pondSender) Close()      { s.StopAndWait() }

// pondReplies uses pond's futures.
type pondReplies struct {
	pond.ResultPool[int]
	job   func(in int) int
	tasks []pond.ResultTask[int]
}

func (p pondPool) Doer(workers, callers int, job func(in int) int) scenario.Doer {
	return startPondReplies(workers, callers, job)
}

func (p pondPool) Submitter(workers, slots int, job func(in int) int) scenario.Submitter {
	return startPondReplies(workers, slots, job)
}

func startPondReplies(workers, slots int, job func(in int) int) pondReplies {
	return pondReplies{pond.NewResultPool[int](workers, pond.WithQueueSize(scenario.QueueSize)), job, make([]pond.ResultTask[int], slots)}
}

func (r pondReplies) Do(ctx context.Context, slot, in int) int {
	r.Submit(slot, in)
	if ctx.Done() != nil {
		select {
		case <-r.tasks[slot].Done():
		case <-ctx.Done():
			panic(ctx.Err())
		}
	}
	return r.Wait(slot)
}

func (r pondReplies) Submit(slot, in int) {
	r.tasks[slot] = r.ResultPool.Submit(func() int { return r.job(in) })
}

func (r pondReplies) Wait(slot int) int {
	out, err := r.tasks[slot].Wait()
	must(err)
	return out
}

func (r pondReplies) Close() { r.StopAndWait() }
