// Tasks compares package tasks with other queues of tasks that outlive the process,
// at equal durability, in one run: asynq on Redis, river on PostgreSQL, goqite on
// SQLite. It starts the servers itself, asks each what its setting is, and prints
// that. A task counts when it is complete in the store.
//
//	cd bench/tasks && go run . [-n TASKS] [-rounds N]
//
// redis-server and PostgreSQL have to be installed; a system whose server is missing
// is left out, and the table says so.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// A system is a queue of tasks with its server.
type system interface {
	// durability asks the server what is on disk when a push is confirmed.
	durability(ctx context.Context) (string, error)
	push(ctx context.Context) error
	// pushMany pushes many at once; errUnsupported if there is no call for that.
	pushMany(ctx context.Context, n int) error
	// work runs tasks until stop is called.
	work(ctx context.Context, workers int) (stop func(), err error)
	// left is how many tasks are not complete in the store.
	left(ctx context.Context) (int, error)
	close() error
}

type maker struct {
	name string
	make func(ctx context.Context, strict bool) (system, error)
}

var makers = []maker{
	{"remuda/tasks", newRemuda}, {"asynq", newAsynq}, {"river", newRiver}, {"goqite", newGoqite},
}

var errUnsupported = fmt.Errorf("there is no call for it")

func main() {
	n := flag.Int("n", 3000, "tasks of each measurement")
	rounds := flag.Int("rounds", 3, "of which the median is shown")
	flag.Parse()
	ctx := context.Background()
	for _, strict := range []bool{true, false} {
		title := "Strict: what is confirmed is on disk"
		if !strict {
			title = "Relaxed: on disk within about a second"
		}
		fmt.Printf("\n### %s\n\n", title)
		if err := compare(ctx, strict, *n, *rounds); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// A cell is one measurement: it returns operations a second.
type cell struct {
	name string
	run  func(ctx context.Context, s system, n int) (float64, error)
}

var cells = []cell{
	{"pushes/s, 1 pusher", func(ctx context.Context, s system, n int) (float64, error) { return pushes(ctx, s, n, 1) }},
	{"tasks/s, 1 worker", func(ctx context.Context, s system, n int) (float64, error) { return runs(ctx, s, 1) }},
	{"pushes/s, 16 pushers", func(ctx context.Context, s system, n int) (float64, error) { return pushes(ctx, s, n, 16) }},
	{"tasks/s, 8 workers", func(ctx context.Context, s system, n int) (float64, error) { return runs(ctx, s, 8) }},
	{"pushes/s, many at once", many},
	{"tasks/s, 8 workers, again", func(ctx context.Context, s system, n int) (float64, error) { return runs(ctx, s, 8) }},
}

// compare runs each cell on each system in turn, round by round, so that all meet
// the machine in the same moods.
func compare(ctx context.Context, strict bool, n, rounds int) error {
	var systems []system
	var names []string
	for _, m := range makers {
		s, err := m.make(ctx, strict)
		if err != nil {
			fmt.Printf("%s is left out: %v\n\n", m.name, err)
			continue
		}
		defer s.close()
		setting, err := s.durability(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		fmt.Printf("- %s: %s\n", m.name, setting)
		systems, names = append(systems, s), append(names, m.name)
	}
	results := make([][][]float64, len(cells))
	for i := range results {
		results[i] = make([][]float64, len(systems))
	}
	for range rounds {
		for i, c := range cells {
			for j, s := range systems {
				v, err := c.run(ctx, s, n)
				switch {
				case err == nil:
					results[i][j] = append(results[i][j], v)
				case err != errUnsupported:
					return fmt.Errorf("%s: %s: %w", names[j], c.name, err)
				}
			}
		}
	}
	fmt.Printf("\n| | %s |\n|---|%s\n", strings.Join(names, " | "), strings.Repeat("--:|", len(names)))
	for i, c := range cells {
		fmt.Printf("| %s |", c.name)
		for j := range systems {
			fmt.Printf(" %s |", median(results[i][j]))
		}
		fmt.Println()
	}
	return nil
}

func median(v []float64) string {
	if len(v) == 0 {
		return "–"
	}
	slices.Sort(v)
	return fmt.Sprintf("%.0f", v[len(v)/2])
}

func pushes(ctx context.Context, s system, n, pushers int) (float64, error) {
	begun := time.Now()
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
	return float64(n/pushers*pushers) / time.Since(begun).Seconds(), nil
}

func many(ctx context.Context, s system, n int) (float64, error) {
	begun := time.Now()
	if err := s.pushMany(ctx, n); err != nil {
		if err == errUnsupported { // the next cell has something to run all the same
			if _, err := pushes(ctx, s, n, 16); err != nil {
				return 0, err
			}
		}
		return 0, err
	}
	return float64(n) / time.Since(begun).Seconds(), nil
}

// runs works off what the cell before has pushed.
func runs(ctx context.Context, s system, workers int) (float64, error) {
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
		left, err := s.left(ctx)
		if err != nil {
			return 0, err
		}
		if left == 0 {
			return float64(n) / time.Since(begun).Seconds(), nil
		}
		time.Sleep(2 * time.Millisecond)
	}
}
