package contender

import (
	"context"
	"fmt"
	"sync"

	"github.com/remuda-go/remuda/bench/scenario"
)

// loop is a loop until its context has ended.
type loop struct{ scenario.Identity }

func newLoop() loop { return loop{floor("loop")} }

func (loop) Loop(layers int, run func()) (stop func()) {
	return looping(func(ctx context.Context) {
		h := handlerOf(layers, run)
		for failed := 0; ctx.Err() == nil; {
			if err := h(ctx); err != nil {
				failed++
			}
		}
	})
}

// looping starts f, and returns what ends it.
func looping(f func(ctx context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { f(ctx) })
	return func() {
		cancel()
		wg.Wait()
	}
}

type handler func(ctx context.Context) error

// handlerOf is run within layers that do nothing.
func handlerOf(layers int, run func()) handler {
	h := handler(func(context.Context) error {
		run()
		return nil
	})
	for range layers {
		next := h
		h = func(ctx context.Context) error { return next(ctx) }
	}
	return h
}

// Map and Stream are one loop over the inputs.
func (loop) Map(_ int, in []int, job func(in int) int, yield func(out int)) {
	for _, v := range in {
		yield(job(v))
	}
}

func (l loop) Stream(workers int, in []int, job func(in int) int, yield func(out int)) {
	l.Map(workers, in, job, yield)
}

// selectLoop is a loop as one writes it by hand for a worker that must not die.
type selectLoop struct{ scenario.Identity }

func newSelectLoop() selectLoop { return selectLoop{floor("select")} }

func (selectLoop) Loop(layers int, run func()) (stop func()) {
	return looping(func(ctx context.Context) {
		h := handlerOf(layers, run)
		for failed := 0; ; {
			select {
			case <-ctx.Done():
				return
			default:
			}
			if err := caught(ctx, h); err != nil {
				failed++
			}
		}
	})
}

func caught(ctx context.Context, h handler) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return h(ctx)
}
