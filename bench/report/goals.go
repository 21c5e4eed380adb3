package report

import (
	"fmt"
	"math"
	"regexp"
)

// A goal is a bound on a ratio, a value or an allocation count, for the cells
// of a scenario. It is set beforehand, and shown whether it holds or not.
type goal struct {
	scenario string
	cells    string // regular expression; each cell if it is empty
	label    string // for an expression that is no pleasure to read
	what     what
	to       string // for ratios: a contender, bestPeer or byHand
	limit    float64
	middle   bool // holds for the median of the cells, not for each
}

// what says which figure is bounded.
type what uint8

const (
	ratio what = iota
	value
	allocs
)

// What remuda is compared with, apart from single contenders.
const (
	bestPeer = "the best peer"
	byHand   = "by hand" // the floor of the case
)

// Cells of the scenarios that go by producers × workers.
const (
	moreProducers = `^([2-9]|\d\d|100) × 1$|^100 × ([2-9]|\d\d)$`
	noMore        = `^1 × |× 100$|× 10,000$|^([2-9]|\d\d) × ([2-9]|\d\d)$`
)

// goals are in the order of the scenarios.
//
// loaded-herd should be compared with gofherd, which can't be had as a module:
// twice what channels take is far below it.
var goals = []goal{
	// In a process that works, which is where a service is.
	{scenario: "loaded-do", cells: "p50", to: byHand, limit: 1.1},
	{scenario: "http", cells: "p50", to: byHand, limit: 1.1},
	{scenario: "http", cells: "p99$", label: "p99", to: byHand, limit: 1.5},
	{scenario: "loaded-send", cells: "queue of 16", to: byHand, limit: 1.1},
	{scenario: "loaded-send", cells: "unbuffered", to: byHand, limit: 1.2},
	{scenario: "loaded-herd", to: byHand, limit: 2},
	{scenario: "loaded-map", to: byHand, limit: 1.2},
	{scenario: "saturated", cells: "p99.9", to: byHand, limit: 1.3},

	// Jobs of unlike length.
	{scenario: "mixed-map", to: byHand, limit: 1.1},
	{scenario: "mixed-stream", to: byHand, limit: 1.1},
	{scenario: "source", cells: "bursts, p(50|99)$", label: "bursts, p50 and p99", to: "rill", limit: 2},
	{scenario: "source", cells: "bursts, since due, p(50|99)$", label: "bursts, since due, p50 and p99", to: "rill", limit: 2},
	{scenario: "source", cells: "each 30 µs, p99$", label: "each 30 µs, p99", to: byHand, limit: 1},

	// On an empty machine.
	{scenario: "send-noop", to: byHand, limit: 1, middle: true},
	{scenario: "send-noop", cells: noMore, label: "no more producers than workers", to: byHand, limit: 1.15},
	{scenario: "send-noop", cells: moreProducers, label: "more producers than workers", to: byHand, limit: 1.5},
	{scenario: "send-noop", to: bestPeer, limit: 0.5, middle: true},
	{scenario: "send-noop", what: allocs, limit: 0},
	{scenario: "send-1us", to: byHand, limit: 1.05},
	{scenario: "send-1us", to: bestPeer, limit: 1.05},
	{scenario: "send-10us", to: byHand, limit: 1.05},
	{scenario: "send-10us", to: bestPeer, limit: 1.05},
	{scenario: "queue", to: bestPeer, limit: 1},
	{scenario: "keyed", cells: "keys: 100$", label: "keys: 100", to: byHand, limit: 1.1},
	{scenario: "keyed", cells: "1,000,000", to: byHand, limit: 1},
	{scenario: "latency", cells: "busy producer, p99", to: byHand, limit: 1.5},
	{scenario: "latency", cells: "pausing producer, p50", to: byHand, limit: 1.2},
	{scenario: "sleep", cells: "1,000,000", to: bestPeer, limit: 1},
	{scenario: "do", cells: "hand-off", to: byHand, limit: 1.1},
	{scenario: "do", cells: "hand-off", what: allocs, limit: 1},
	{scenario: "do", cells: "timeout", to: bestPeer, limit: 1.05},
	{scenario: "do", cells: "inline, callers: 1$", label: "inline, callers: 1", to: "ants", limit: 0.1},
	{scenario: "do", cells: "inline, callers: 100", to: byHand, limit: 0.8},
	{scenario: "do", cells: "inline, callers: 1$", label: "inline, callers: 1", what: allocs, limit: 0},
	{scenario: "submit", to: "pond", limit: 0.25},
	{scenario: "submit", to: byHand, limit: 0.85},
	{scenario: "submit", what: allocs, limit: 1},
	{scenario: "map", cells: "no-op$", label: "no-op", to: byHand, limit: 0.55},
	{scenario: "map", cells: "no-op, 100", to: byHand, limit: 1},
	{scenario: "map", cells: "1 µs", to: "chunks", limit: 1.15},
	{scenario: "map", what: allocs, limit: 0},
	{scenario: "stream", cells: "no-op$", label: "no-op", to: byHand, limit: 0.55},
	{scenario: "stream", cells: "no-op, 100", to: byHand, limit: 1},
	{scenario: "stream", cells: "1 µs", to: "chunks", limit: 1.15},
	{scenario: "stream", what: allocs, limit: 0},
	{scenario: "doall", cells: "no-op", to: "conc/iter", limit: 1.2},
	{scenario: "doall", cells: "slow", to: byHand, limit: 1.3},
	{scenario: "loop", cells: "run$", label: "run", what: value, limit: 5},
	{scenario: "loop", cells: "middleware", what: value, limit: 11},
	{scenario: "herd", to: byHand, limit: 1.9},
	{scenario: "herd", what: allocs, limit: 2},
	{scenario: "resize", cells: "at work", to: "pond", limit: 1.5},
	{scenario: "start", to: "conc", limit: 3},
	{scenario: "middleware", cells: "one layer", what: value, limit: 5},
	{scenario: "middleware", cells: "one layer", what: allocs, limit: 0},
	{scenario: "middleware", cells: "metrics", what: value, limit: 4},
	{scenario: "memory", cells: "never ran", what: value, limit: 64},
	{scenario: "memory", cells: "has run", what: value, limit: 2500},
	{scenario: "memory", cells: "queued", what: value, limit: 56},
	{scenario: "drained", cells: "kept", what: value, limit: 2},
	{scenario: "drained", cells: "peak", to: "pond", limit: 1.1},
}

// A verdict is what came of a goal.
type verdict struct {
	measured float64
	cell     string // where; empty for a median
	unit     string
}

// judge looks a goal up in the results. It reports false if they do not have it.
func (g goal) judge(r Results) (v verdict, ok bool) {
	match := regexp.MustCompile(g.cells)
	var all []float64
	for _, s := range r.Scenarios {
		for _, c := range s.Cells {
			if s.Name != g.scenario || !match.MatchString(c.Name) {
				continue
			}
			n := g.figure(c)
			if math.IsNaN(n) {
				continue
			}
			if len(all) == 0 || n > v.measured {
				v = verdict{measured: n, cell: c.Name, unit: c.Unit}
			}
			all = append(all, n)
		}
	}
	if g.middle {
		v.measured, v.cell = median(all), ""
	}
	return v, len(all) > 0
}

func (g goal) figure(c Cell) float64 {
	own, ok := c.find(subject)
	switch {
	case !ok:
		return math.NaN()
	case g.what == value:
		return own.Median
	case g.what == allocs && own.Allocs == nil:
		return math.NaN()
	case g.what == allocs:
		// Starting the pool is part of some runs: a hundredth of an allocation
		// for each operation is none.
		return math.Floor(*own.Allocs*100) / 100
	case g.to == bestPeer:
		return c.ratio(c.bestPeer())
	case g.to == byHand:
		return c.ratio(c.find(c.Floor))
	default:
		return c.ratio(c.find(g.to))
	}
}

func (g goal) String() string {
	where := "each cell"
	if g.middle {
		where = "the median cell"
	} else if g.label != "" {
		where = fmt.Sprintf("“%s”", g.label)
	} else if g.cells != "" {
		where = fmt.Sprintf("“%s”", g.cells)
	}
	switch g.what {
	case value:
		return where
	case allocs:
		return where + ", allocations"
	default:
		return fmt.Sprintf("%s, ÷ %s", where, g.to)
	}
}
