package contender

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/remuda-go/remuda/bench/scenario"
)

// loop is a bare loop.
type loop struct{ scenario.Identity }

func newLoop() loop { return loop{floor("loop")} }

func (loop) Loop(run func()) (stop func()) {
	var stopped atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() {
		for !stopped.Load() {
			run()
		}
	})
	return func() {
		stopped.Store(true)
		wg.Wait()
	}
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

func (selectLoop) Loop(run func()) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var failed int
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			default:
			}
			if err := caught(ctx, run); err != nil {
				failed++
			}
		}
	})
	return func() {
		cancel()
		wg.Wait()
	}
}

func caught(_ context.Context, run func()) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	run()
	return nil
}
