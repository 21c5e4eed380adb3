package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A cell is one measurement.
type cell struct {
	name   string
	run    func(ctx context.Context, s system, size sizes) (float64, error)
	format string // of the value; "%.0f" if it is empty
	once   bool   // it takes long
	goal   goal   // of what is strict
	loose  goal   // of what is relaxed
}

// The order matters: what one cell pushes, the next one runs.
var cells = []cell{
	{name: "pushes/s, 1 pusher", run: pushes(1), goal: best(1)},
	{name: "tasks/s, 1 worker", run: runs(1), goal: best(1)},
	{name: "pushes/s, 16 pushers", run: pushes(16), goal: of("asynq", 0.5, 1), loose: best(2)},
	{name: fewWaiting, run: runs(8), goal: best(1), loose: best(2)},
	{name: "pushes/s, many at once", run: many, goal: of("river", 1)},
	{name: "tasks/s, 8 workers, again", run: runs(8)},
	{name: "idle, from push to result, p50, ms", run: idle(0.5), format: "%.2f", goal: atMost(2)},
	{name: "idle, from push to result, p99, ms", run: idle(0.99), format: "%.2f", goal: atMost(5)},
	{name: "memory of those that wait, MB per 100,000", run: memory, format: "%.1f", once: true, goal: atMost(20)},
	{name: "tasks/s, 8 workers, beside those that wait", run: besideMany, once: true, goal: ofRow(fewWaiting, 0.95)},
	{name: "runs again after kill -9, s", run: restart, format: "%.1f", once: true, goal: atMost(1)},
}

func (c cell) show(v []float64) string {
	if len(v) == 0 {
		return "–"
	}
	format := c.format
	if format == "" {
		format = "%.0f"
	}
	return fmt.Sprintf(format, median(v))
}

// median is that of the rounds, of which there may be an even number.
func median(v []float64) float64 {
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

func percentile(v []float64, p float64) float64 {
	slices.Sort(v)
	return v[min(len(v)-1, int(p*float64(len(v))))]
}

// shortest is how long is pushed at least, in as many calls as it takes: 2000 tasks together
// take 30 ms, which says more of the moment than of the system.
const shortest = 500 * time.Millisecond

func pushes(pushers int) func(context.Context, system, sizes) (float64, error) {
	return func(ctx context.Context, s system, size sizes) (float64, error) {
		return atLeast(shortest, func() (int, error) { return pushAll(ctx, s, size.tasks, pushers) })
	}
}

// atLeast calls push again and again for that time, and returns how many it pushes in a
// second.
func atLeast(d time.Duration, push func() (int, error)) (float64, error) {
	total, begun := 0, time.Now()
	for time.Since(begun) < d {
		n, err := push()
		if err != nil {
			return 0, err
		}
		total += n
	}
	return float64(total) / time.Since(begun).Seconds(), nil
}

// pushAll pushes n tasks, less what the pushers can't share.
func pushAll(ctx context.Context, s system, n, pushers int) (int, error) {
	errs := make([]error, pushers)
	var pushing sync.WaitGroup
	for p := range pushers {
		pushing.Go(func() {
			for range n / pushers {
				if errs[p] = s.push(ctx); errs[p] != nil {
					return
				}
			}
		})
	}
	pushing.Wait()
	for _, err := range errs {
		if err != nil {
			return 0, err
		}
	}
	return n / pushers * pushers, nil
}

func many(ctx context.Context, s system, size sizes) (float64, error) {
	rate, err := atLeast(shortest, func() (int, error) { return size.tasks, s.pushMany(ctx, size.tasks) })
	if err == errUnsupported { // the next cell has something to run all the same
		if _, err := pushAll(ctx, s, size.tasks, 16); err != nil {
			return 0, err
		}
	}
	return rate, err
}

// runs works off what the cell before has pushed.
func runs(workers int) func(context.Context, system, sizes) (float64, error) {
	return func(ctx context.Context, s system, _ sizes) (float64, error) { return runDown(ctx, s, workers, 0) }
}

// runDown runs tasks until no more than left are left.
func runDown(ctx context.Context, s system, workers, left int) (float64, error) {
	n, err := s.left(ctx)
	if err != nil {
		return 0, err
	}
	begun := time.Now()
	stop, err := s.work(ctx, workers)
	if err != nil {
		return 0, err
	}
	defer stop()
	for {
		now, err := s.left(ctx)
		if err != nil {
			return 0, err
		}
		if now <= left {
			return float64(n-now) / time.Since(begun).Seconds(), nil
		}
		time.Sleep(2 * time.Millisecond)
	}
}

const idleTime = 5 * time.Second

// idle measures how long a task takes that comes alone: as many as there is time for, since
// the 99th percentile of a hundred is the worst of them.
func idle(p float64) func(context.Context, system, sizes) (float64, error) {
	return func(ctx context.Context, s system, size sizes) (float64, error) {
		stop, err := s.work(ctx, 8)
		if err != nil {
			return 0, err
		}
		defer stop()
		var took []float64
		for end := time.Now().Add(idleTime); len(took) < min(size.tasks, 3) || len(took) < size.tasks/2 && time.Now().Before(end); {
			time.Sleep(5 * time.Millisecond)
			begun := time.Now()
			if err := s.roundTrip(ctx); err != nil {
				return 0, err
			}
			took = append(took, time.Since(begun).Seconds()*1000)
		}
		return percentile(took, p), nil
	}
}
