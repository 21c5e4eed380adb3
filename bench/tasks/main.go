// Tasks compares package tasks with other queues of tasks that outlive the process,
// at equal durability, in one run: asynq on Redis, river on PostgreSQL, goqite on
// SQLite. It starts the servers itself, asks each what its setting is, and prints
// that. A task counts when it is complete in the store.
//
//	cd bench/tasks && go run . [-n TASKS] [-rounds N] [-waiting TASKS] [-restart BOUND]
//
// redis-server and PostgreSQL have to be installed; a system whose server is missing
// is left out, and the table says so.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
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
	// roundTrip pushes a task and returns when its result can be read; errUnsupported
	// if there are no results.
	roundTrip(ctx context.Context) error
	// server is the process that holds the tasks.
	server() int
	// holder pushes a task, or lets its child do that, and returns the arguments of a
	// child that takes it and never ends it, with the defaults of the system.
	holder(ctx context.Context) ([]string, error)
	close() error
}

type maker struct {
	name string
	make func(ctx context.Context, strict bool) (system, error)
}

var makers = []maker{
	{ours, newRemuda}, {"asynq", newAsynq}, {"river", newRiver}, {"goqite", newGoqite},
	{floorName, newFloor},
}

// ours and floorName are the columns that are no peers.
const (
	ours      = "remuda/tasks"
	floorName = "JetStream floor"
)

var errUnsupported = errors.New("there is no call for it")

func main() {
	if len(os.Args) > 2 && os.Args[1] == "-hold" {
		if err := hold(context.Background(), os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	var size sizes
	flag.IntVar(&size.tasks, "n", 3000, "tasks of each measurement")
	flag.IntVar(&size.waiting, "waiting", 100_000, "tasks that wait, for what is measured beside them; 0 leaves that out")
	flag.DurationVar(&size.restart, "restart", 2*time.Minute, "how long to wait for what a killed process held; 0 leaves that out")
	rounds := flag.Int("rounds", 3, "of which the median is shown; what takes long is measured in the last one only")
	flag.Parse()
	ctx := context.Background()
	for _, strict := range []bool{true, false} {
		title := "Strict: what is confirmed is on disk"
		if !strict {
			title = "Relaxed: on disk within about a second"
			size.restart = 0 // it is the same
		}
		fmt.Printf("\n### %s\n\n", title)
		if err := compare(ctx, strict, size, *rounds); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// sizes are how much is measured.
type sizes struct {
	tasks, waiting int
	restart        time.Duration
}

// compare runs each cell on each system in turn, round by round, so that all meet
// the machine in the same moods.
func compare(ctx context.Context, strict bool, size sizes, rounds int) error {
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
	for round := range rounds {
		for i, c := range cells {
			if c.once && round < rounds-1 {
				continue
			}
			for j, s := range systems {
				v, err := c.run(ctx, s, size)
				switch {
				case err == nil:
					results[i][j] = append(results[i][j], v)
				case err != errUnsupported:
					return fmt.Errorf("%s: %s: %w", names[j], c.name, err)
				}
			}
		}
	}
	show(names, results, strict)
	return nil
}

// show prints the table, with the goal of each row and whether it is reached.
func show(names []string, results [][][]float64, strict bool) {
	fmt.Printf("\n| | %s | goal |\n|---|%s---|\n", strings.Join(names, " | "), strings.Repeat("--:|", len(names)))
	rows := make(map[string]row)
	for i, c := range cells {
		if !slices.ContainsFunc(results[i], func(v []float64) bool { return len(v) > 0 }) {
			continue
		}
		rows[c.name] = row{}
		fmt.Printf("| %s |", c.name)
		for j, v := range results[i] {
			fmt.Printf(" %s |", c.show(v))
			if len(v) > 0 {
				rows[c.name][names[j]] = median(v)
			}
		}
		fmt.Printf(" %s |\n", verdict(c, rows, strict))
	}
}
