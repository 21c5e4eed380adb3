package contender

import (
	"context"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/bench/scenario"
)

// remudaPool is the subject. Its file is longer than the others because it has
// something of its own in every scenario.
type remudaPool struct{ scenario.Identity }

func newRemuda() remudaPool {
	return remudaPool{scenario.Identity{Called: "remuda", Is: scenario.Subject}}
}

func startPool(workers int, job func(in int) int, mws ...remuda.Middleware) *remuda.Pool[int, int] {
	p, err := remuda.NewWithConfig[int, int](remuda.Config{Initial: workers}, mws...)
	must(err)
	must(p.Start(remuda.Func(func(_ context.Context, in int) (int, error) { return job(in), nil })))
	return p
}

// Fire and forget.

type remudaSender[In any] struct {
	*remuda.Pool[In, remuda.Void]
}

func (r remudaPool) Sender(workers int, job func(in int)) scenario.Sender {
	return r.QueueSender(workers, scenario.QueueSize, job)
}

func (r remudaPool) QueueSender(workers, queue int, job func(in int)) scenario.Sender {
	return startSender(workers, queue, job)
}

func (r remudaPool) UnbufferedSender(workers int, job func(in int)) scenario.Sender {
	return r.QueueSender(workers, remuda.Unbuffered, job)
}

func (r remudaPool) WideSender(workers, queue int, job func(in scenario.Wide)) scenario.WideSender {
	return startSender(workers, queue, job)
}

func (r remudaPool) Resizer(workers int, job func(in int)) scenario.Resizer {
	return startSender(workers, scenario.QueueSize, job)
}

func startSender[In any](workers, queue int, job func(in In)) remudaSender[In] {
	p, err := remuda.NewWithConfig[In, remuda.Void](remuda.Config{Initial: workers, Queue: queue})
	must(err)
	must(p.Start(remuda.Func(func(_ context.Context, in In) (v remuda.Void, err error) {
		job(in)
		return v, nil
	})))
	return remudaSender[In]{p}
}

func (s remudaSender[In]) Send(in In)         { must(s.Pool.Send(context.Background(), in)) }
func (s remudaSender[In]) Close()             { must(s.Pool.Close(context.Background())) }
func (s remudaSender[In]) Resize(workers int) { must(s.Pool.Resize(workers)) }

// Round trips.

type remudaDoer struct {
	*remuda.Pool[int, int]
}

// Doer is for calls whose context can end, which makes Do hand off.
func (r remudaPool) Doer(workers, _ int, job func(in int) int) scenario.Doer {
	return remudaDoer{startPool(workers, job)}
}

// InlineDoer is for calls whose context can never end: Do runs the job where it
// is called.
func (r remudaPool) InlineDoer(workers, callers int, job func(in int) int) scenario.Doer {
	return r.Doer(workers, callers, job)
}

func (d remudaDoer) Do(ctx context.Context, _, in int) int {
	out, err := d.Pool.Do(ctx, in)
	must(err)
	return out
}

func (d remudaDoer) Close() { must(d.Pool.Close(context.Background())) }

type remudaSubmitter struct {
	*remuda.Pool[int, int]
	tickets []*remuda.Ticket[int]
}

func (r remudaPool) Submitter(workers, slots int, job func(in int) int) scenario.Submitter {
	return remudaSubmitter{startPool(workers, job), make([]*remuda.Ticket[int], slots)}
}

func (s remudaSubmitter) Submit(slot, in int) {
	t, err := s.Pool.Submit(context.Background(), in)
	must(err)
	s.tickets[slot] = t
}

func (s remudaSubmitter) Wait(slot int) int {
	out, err := s.tickets[slot].Wait(context.Background())
	must(err)
	return out
}

func (s remudaSubmitter) Close() { must(s.Pool.Close(context.Background())) }
