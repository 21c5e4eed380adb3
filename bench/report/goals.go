package report

import (
	"fmt"
	"math"
	"regexp"
)

// A goal was set before anything was measured: a bound on a ratio, a value or
// an allocation count, for the cells of a scenario.
type goal struct {
	scenario string
	cells    string // regular expression
	what     what
	to       string // for ratios: a contender, or bestPeer
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

const bestPeer = "the best peer"

// goals are in the order of the scenarios.
var goals = []goal{
	{scenario: "send-noop", to: bestPeer, limit: 1},
	{scenario: "send-noop", to: bestPeer, limit: 0.5, middle: true},
	{scenario: "send-noop", to: "channel", limit: 1, middle: true},
	{scenario: "send-noop", what: allocs, limit: 0},
	{scenario: "send-1us", to: "direct", limit: 1.25},
	{scenario: "send-1us", to: bestPeer, limit: 1.05},
	{scenario: "send-10us", to: "direct", limit: 1.05},
	{scenario: "send-10us", to: bestPeer, limit: 1.05},
	{scenario: "queue", to: bestPeer, limit: 1},
	{scenario: "latency", cells: "99", to: "channel", limit: 1.5},
	{scenario: "latency", cells: "99", to: bestPeer, limit: 1},
	{scenario: "sleep", cells: "1,000,000", to: bestPeer, limit: 1},
	{scenario: "do", cells: "hand-off", to: "unbuffered", limit: 1.3},
	{scenario: "do", cells: "hand-off", to: bestPeer, limit: 1},
	{scenario: "do", cells: "hand-off", what: allocs, limit: 0},
	{scenario: "do", cells: "inline", to: bestPeer, limit: 0.1},
	{scenario: "do", cells: "inline", to: "semaphore", limit: 1.3},
	{scenario: "do", cells: "inline", what: allocs, limit: 0},
	{scenario: "submit", to: bestPeer, limit: 0.25},
	{scenario: "submit", what: allocs, limit: 1},
	{scenario: "map", cells: "no-op", to: "conc/stream", limit: 0.1},
	{scenario: "map", cells: "no-op", to: "conc/iter", limit: 1.3},
	{scenario: "map", cells: "1 µs", to: "chunks", limit: 1.15},
	{scenario: "map", what: allocs, limit: 0},
	{scenario: "stream", cells: "1 µs", to: "chunks", limit: 1.15},
	{scenario: "stream", what: allocs, limit: 0},
	{scenario: "herd", what: allocs, limit: 2},
	{scenario: "start", to: "conc", limit: 3},
	{scenario: "middleware", cells: "one layer", what: value, limit: 5},
	{scenario: "middleware", cells: "one layer", what: allocs, limit: 0},
	{scenario: "middleware", cells: "metrics", what: value, limit: 2},
	{scenario: "memory", cells: "never ran", what: value, limit: 64},
	{scenario: "memory", cells: "has run", what: value, limit: 2500},
	{scenario: "memory", cells: "queued", what: value, limit: 56},
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
		return median(own.Values)
	case g.what == allocs:
		// Starting the pool is part of some runs: a hundredth of an allocation
		// for each operation is none.
		return math.Floor(median(own.Allocs)*100) / 100
	case g.to == bestPeer:
		return c.ratio(c.bestPeer())
	default:
		return c.ratio(c.find(g.to))
	}
}

func (g goal) String() string {
	where := "each cell"
	if g.middle {
		where = "the median cell"
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
