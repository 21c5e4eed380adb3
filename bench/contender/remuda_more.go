package contender

import (
	"context"
	"iter"
	"slices"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

// Map runs a pool's Map over a slice.
func (r remudaPool) Map(workers int, in []int, job func(in int) int, yield func(out int)) {
	r.MapSeq(workers, slices.Values(in), job, yield)
}

// MapSeq runs a pool's Map.
func (r remudaPool) MapSeq(workers int, in iter.Seq[int], job func(in int) int, yield func(out int)) {
	p := startPool(workers, job)
	for out, err := range p.Map(context.Background(), in) {
		must(err)
		yield(out)
	}
	must(p.Close(context.Background()))
}

// DoAll runs a pool's DoAll.
func (r remudaPool) DoAll(workers int, in []int, job func(in int) int) (out []int) {
	p := startPool(workers, job)
	out, err := p.DoAll(context.Background(), in)
	must(err)
	must(p.Close(context.Background()))
	return out
}

// Stream runs a pool's Stream over a slice.
func (r remudaPool) Stream(workers int, in []int, job func(in int) int, yield func(out int)) {
	p := startPool(workers, job)
	for res := range p.Stream(context.Background(), slices.Values(in)) {
		must(res.Err)
		yield(res.Out)
	}
	must(p.Close(context.Background()))
}

// Herd sends from a goroutine of its own and reads what is put out.
func (r remudaPool) Herd(workers int, in []int, job func(in int) int, yield func(out int)) {
	type work = remuda.Work[int, int]
	h := remuda.NewHerd(func(w *work) remuda.Status {
		w.SetResult(job(w.Body))
		return remuda.Success
	})
	must(h.SetHerdSize(workers))
	must(h.Start())
	go func() {
		for _, v := range in {
			must(h.SendWork(work{Body: v}))
		}
		h.CloseInputChan()
	}()
	for w := range h.OutputChan() {
		yield(w.Result())
	}
	must(h.Close(context.Background()))
}

// Loop runs a pool without inputs.
func (r remudaPool) Loop(layers int, run func()) (stop func()) {
	p, err := remuda.NewLoop(remuda.Config{}, layersOf(layers)...)
	must(err)
	must(p.Start(remuda.Func(func(context.Context, remuda.Void) (v remuda.Void, err error) {
		run()
		return v, nil
	})))
	return func() { must(p.Close(context.Background())) }
}

// Layered runs Do in its place, since that is where a layer weighs the most.
func (r remudaPool) Layered(layers int, job func(in int) int) (call func(in int) int, stop func()) {
	return r.caller(job, layersOf(layers)...)
}

// layersOf is middleware that does nothing.
func layersOf(layers int) []remuda.Middleware {
	layer := remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
		return func(ctx context.Context) error { return next(ctx) }
	})
	return slices.Repeat([]remuda.Middleware{layer}, layers)
}

// Gauged runs Do in its place, with middleware.Metrics or without.
func (r remudaPool) Gauged(metrics bool, job func(in int) int) (call func(in int) int, stop func()) {
	if metrics {
		return r.caller(job, &middleware.Metrics{})
	}
	return r.caller(job)
}

func (r remudaPool) caller(job func(in int) int, mws ...remuda.Middleware) (call func(in int) int, stop func()) {
	p := startPool(1, job, mws...)
	call = func(in int) int {
		out, err := p.Do(context.Background(), in)
		must(err)
		return out
	}
	return call, func() { must(p.Close(context.Background())) }
}
