package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/remuda-go/remuda/bench/contender"
	"github.com/remuda-go/remuda/bench/scenario"
)

// The guard finds a pool that collapses where its process does other work: one
// that takes ten times what one writes by hand, or a thousand times. It is no
// measurement. A machine that does something else can't make it fail: by hand
// and remuda take turns, the medians count, and what fails is tried once more.
const (
	guardBound    = 10
	guardRounds   = 5
	guardPatience = 5 * time.Second // a run takes a fraction of a second
	guardBudget   = 5 * time.Second // of a case, after which three rounds are enough
	guardSubject  = "remuda"
)

// A guarding is a case in the guard's hands.
type guarding struct {
	scenario.Case

	// run measures a contender in a process of its own, so that one that does
	// not end can be ended.
	run func(contender string) ([]scenario.Sample, error)
}

// guard runs all cases with a guarded cell, in a short form.
func guard(out io.Writer) error {
	var failed []error
	for _, s := range scenario.All(contender.All()) {
		for i, c := range s.Cases {
			if !slices.ContainsFunc(c.Cells, func(c scenario.Cell) bool { return c.Guarded }) {
				continue
			}
			g := guarding{c, func(contender string) ([]scenario.Sample, error) {
				return startChild(guardPatience, s.Name, i, contender, c.QuickOps)
			}}
			if err := g.guard(out, s.Name); err != nil {
				failed = append(failed, err)
			}
		}
	}
	return errors.Join(failed...)
}

// guard compares remuda with what one writes by hand, and says so on out.
func (g guarding) guard(out io.Writer, name string) error {
	own, hand, err := g.rounds()
	if err == nil && g.over(own, hand) != "" && !hung(own) {
		own, hand, err = g.rounds()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for k, cell := range g.Cells {
		if cell.Guarded {
			fmt.Fprintf(out, "%-60s %9.2f × by hand (%.4g / %.4g %s)\n", name+": "+cell.Name,
				medianOf(own, k)/medianOf(hand, k), medianOf(own, k), medianOf(hand, k), cell.Unit)
		}
	}
	if cell := g.over(own, hand); cell != "" {
		return fmt.Errorf("%s: %s takes more than %d times what it takes by hand", name, cell, guardBound)
	}
	return nil
}

// rounds measures remuda and by hand in turns. It stops when remuda has not
// ended in most of the rounds.
func (g guarding) rounds() (own, hand measured, err error) {
	start, endless := time.Now(), 0
	for round := range guardRounds {
		if round > guardRounds/2 && time.Since(start) > guardBudget {
			break
		}
		samples, err := g.run(g.Floor)
		if err != nil {
			return nil, nil, fmt.Errorf("by hand: %w", err)
		}
		hand = append(hand, samples)
		samples, err = g.run(guardSubject)
		if errors.Is(err, errPatience) {
			samples, err = g.forEver(), nil
			endless++
		}
		if err != nil {
			return nil, nil, err
		}
		own = append(own, samples)
		if endless > guardRounds/2 {
			break
		}
	}
	return own, hand, nil
}

// forEver are the samples of a run that did not end.
func (g guarding) forEver() (samples []scenario.Sample) {
	return slices.Repeat([]scenario.Sample{{Value: math.Inf(1)}}, len(g.Cells))
}

// hung reports whether the median of the runs did not end.
func hung(m measured) bool { return math.IsInf(medianOf(m, 0), 1) }

// over returns the first cell that is above the bound.
func (g guarding) over(own, hand measured) (cell string) {
	for k, c := range g.Cells {
		if c.Guarded && !(medianOf(own, k) <= guardBound*medianOf(hand, k)) {
			return c.Name
		}
	}
	return ""
}

// medianOf returns the median of a cell.
func medianOf(m measured, k int) float64 {
	values, _ := m.cell(k)
	slices.Sort(values)
	return values[len(values)/2]
}
