package scenario

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"
)

const (
	// loadedJob is how many microseconds a job beside neighbours takes.
	loadedJob = 5

	// loadedPause is how long a caller that pauses does so.
	loadedPause = 200 * time.Microsecond

	// loadedLimit ends a run whose calls take so long that they would take
	// minutes. Some pools do.
	loadedLimit = time.Second
)

// LoadedDo is a round trip in a process that does other work.
func LoadedDo(contenders []Contender, spin Spin) Scenario {
	procs := runtime.GOMAXPROCS(0)
	return Scenario{
		Name:  "loaded-do",
		Title: "Do in a process that works",
		About: "A round trip by hand-off, with a context that can be cancelled and a job of 5 µs, while the process does something else. " +
			"`busy pairs` are pairs of goroutines that hand a token to each other, and each time keep a processor busy for 5 µs: there is always something else to run. " +
			"`CPU burners` never block. There is a worker for each processor and one caller; beside the fewer pairs there are two, which sleep for 0.2 ms after each call. " +
			"A run ends after a second even if not all of its calls have been made.",
		Cases: []Case{
			loadedDoCase(contenders, spin, eightPairs(spin), 1, 0, 2_000),
			loadedDoCase(contenders, spin, busyPairs(procs, spin), 2, loadedPause, 800),
			loadedDoCase(contenders, spin, burners(2*procs, spin), 1, 0, 2_000),
		},
	}
}

func loadedDoCase(contenders []Contender, spin Spin, n neighbours, callers int, pause time.Duration, ops int) Case {
	name := n.name
	if pause > 0 {
		name += ", callers pause"
	}
	c := Case{
		Cells:    percentileCells(name, "µs"),
		Floor:    "chan + fresh reply",
		Ops:      ops,
		QuickOps: ops / 4,
	}
	c.Cells[0].Charted, c.Cells[0].Guarded = true, true
	job := func(in int) int { spin.For(loadedJob); return in + 1 }
	for _, contender := range contenders {
		if start := doerOf(contender); start != nil {
			c.Entries = append(c.Entries, Entry{Contender: contender, Run: func(ops int) ([]Sample, error) {
				d := start(runtime.GOMAXPROCS(0), callers, job)
				defer d.Close()
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				defer n.begin()()
				took, err := timeCalls(ctx, d, callers, ops, pause)
				if err != nil {
					return nil, err
				}
				return percentileSamples(took, time.Microsecond)
			}})
		}
	}
	return c
}

// timeCalls makes calls from several goroutines, and returns how long each took.
func timeCalls(ctx context.Context, d Doer, callers, ops int, pause time.Duration) (took []time.Duration, err error) {
	var mu sync.Mutex
	end := time.Now().Add(loadedLimit)
	each(callers, func(caller int) {
		from, to := share(caller, callers, ops)
		own := make([]time.Duration, 0, to-from)
		wrong := 0
		for in := from; in < to; in++ {
			start := time.Now()
			if d.Do(ctx, caller, in) != in+1 {
				wrong++
			}
			own = append(own, time.Since(start))
			if time.Now().After(end) {
				break
			}
			if pause > 0 {
				time.Sleep(pause)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		took = slices.Concat(took, own)
		if wrong > 0 {
			err = fmt.Errorf("%d outputs are wrong", wrong)
		}
	})
	return took, err
}
