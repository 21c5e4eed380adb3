package scenario

import (
	"math/rand/v2"
	"time"
)

const (
	mixedWorkers = 100
	mixedSleep   = 10 * time.Millisecond
	mixedQuick   = 1_000 // no-ops in a block
	mixedSlow    = 50    // sleeps after them
	mixedBlocks  = 10
)

// MixedMap is Map with jobs of unlike length.
func MixedMap(contenders []Contender) Scenario {
	return Scenario{
		Name:  "mixed-map",
		Title: "Map with jobs of unlike length",
		About: "100 workers; some jobs sleep for 10 ms, and the others are no-ops. `blocks`: ten times 1,000 no-ops and then 50 sleeps. `5 % at random`: of 10,000 inputs, every twentieth on " +
			"average. Starting and closing the workers is part of the time. A pool that hands inputs over by the batch can have some workers sleep through a row of them while others have nothing to do.",
		Cases: []Case{
			mixedCase(contenders, "blocks", mixedBlocks*(mixedQuick+mixedSlow), inBlocks, "pipeline", mapperOf, inOrder),
			mixedCase(contenders, "5 % at random", mixedBlocks*mixedQuick, atRandom(), "pipeline", mapperOf, inOrder),
		},
	}
}

// MixedStream is Stream with jobs of unlike length.
func MixedStream(contenders []Contender) Scenario {
	return Scenario{
		Name:  "mixed-stream",
		Title: "Stream with jobs of unlike length",
		About: "The blocks of no-ops and sleeps as above, with outputs as they come.",
		Cases: []Case{
			mixedCase(contenders, "blocks", mixedBlocks*(mixedQuick+mixedSlow), inBlocks, "channel", streamerOf, inAnyOrder),
		},
	}
}

func inBlocks(in int) (sleeps bool) { return in%(mixedQuick+mixedSlow) >= mixedQuick }

// atRandom is the same at each call.
func atRandom() func(in int) (sleeps bool) {
	r := rand.New(rand.NewPCG(1, 2))
	sleeps := make([]bool, mixedBlocks*mixedQuick)
	for i := range sleeps {
		sleeps[i] = r.IntN(20) == 0
	}
	return func(in int) bool { return sleeps[in] }
}

func mixedCase(contenders []Contender, name string, ops int, sleeps func(in int) bool, floor string, find func(Contender) mapper, newCheck func(inputs int) check) Case {
	job := func(in int) int {
		if sleeps(in) {
			time.Sleep(mixedSleep)
		}
		return in + 1
	}
	return Case{
		Cells:    []Cell{{Name: name, Unit: "ms", Charted: true}},
		Floor:    floor,
		Ops:      ops,
		QuickOps: ops / 5,
		Entries: enterMappers(withoutLoop(contenders), find, func(m mapper, ops int) ([]Sample, error) {
			samples, err := stream(nobody, m, mixedWorkers, ops, job, newCheck(ops))
			return inTotal(samples, ops, time.Millisecond), err
		}),
	}
}

// withoutLoop leaves out the floor that has one goroutine for all jobs: it
// would sleep for most of the comparison.
func withoutLoop(contenders []Contender) (rest []Contender) {
	for _, c := range contenders {
		if c.Name() != "loop" {
			rest = append(rest, c)
		}
	}
	return rest
}

// inTotal makes nanoseconds per operation the time of all.
func inTotal(samples []Sample, ops int, unit time.Duration) []Sample {
	for i := range samples {
		samples[i].Value *= float64(ops) / float64(unit)
	}
	return samples
}
