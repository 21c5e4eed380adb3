package main

import (
	"fmt"
	"os"
	"time"

	"github.com/remuda-go/remuda/bench/report"
	"github.com/remuda-go/remuda/bench/scenario"
)

// patience is how long one run may take. A contender that has lost an input may
// wait for it for ever.
const patience = 3 * time.Minute

// A comparison runs scenarios.
type comparison struct {
	scenarios []scenario.Scenario
	quick     bool
	rounds    int
}

// run measures everything. In each round all contenders of a case run one after
// the other, so that what drifts on the machine meets all of them.
func (c comparison) run() (report.Results, error) {
	r := report.Results{Machine: machine(), Versions: versions(), Quick: c.quick, Rounds: c.rounds}
	start := time.Now()
	before, known := loadNow()
	for _, s := range c.scenarios {
		measured := report.Scenario{Name: s.Name, Title: s.Title, About: s.About}
		for i, cs := range s.Cases {
			fmt.Fprintf(os.Stderr, "%5.0fs  %s: %s\n", time.Since(start).Seconds(), s.Name, cs.Cells[0].Name)
			cells, err := c.runCase(s, i)
			if err != nil {
				return r, err
			}
			measured.Cells = append(measured.Cells, cells...)
		}
		r.Scenarios = append(r.Scenarios, measured)
	}
	if after, ok := loadNow(); ok && known {
		r.Machine = append(r.Machine, after.since(before))
	}
	return r, nil
}

func (c comparison) runCase(s scenario.Scenario, index int) ([]report.Cell, error) {
	cs := s.Cases[index]
	cells := newCells(cs)
	ops := cs.Ops
	if c.quick {
		ops = cs.QuickOps
	}
	for round := range c.rounds {
		for i := range cs.Entries {
			at := (i + round) % len(cs.Entries) // nobody always runs after the same one
			samples, err := c.runEntry(s.Name, index, cs.Entries[at], ops)
			if err != nil {
				return nil, fmt.Errorf("%s, %s, %s: %w", s.Name, cs.Cells[0].Name, cs.Entries[at].Contender.Name(), err)
			}
			for k, sample := range samples {
				add(&cells[k].Series[at], sample)
			}
		}
	}
	return cells, nil
}

func newCells(cs scenario.Case) (cells []report.Cell) {
	for _, cell := range cs.Cells {
		r := report.Cell{Name: cell.Name, Unit: cell.Unit, Floor: cs.Floor, Charted: cell.Charted}
		for _, e := range cs.Entries {
			r.Series = append(r.Series, report.Series{Contender: e.Contender.Name(), Kind: string(e.Contender.Kind())})
		}
		cells = append(cells, r)
	}
	return cells
}

func add(to *report.Series, sample scenario.Sample) {
	to.Values = append(to.Values, sample.Value)
	if sample.Allocs >= 0 {
		to.Allocs = append(to.Allocs, sample.Allocs)
		to.Bytes = append(to.Bytes, sample.Bytes)
	}
}

func (c comparison) runEntry(name string, index int, e scenario.Entry, ops int) ([]scenario.Sample, error) {
	if e.Alone {
		return startChild(name, index, e.Contender.Name(), ops)
	}
	watchdog := time.AfterFunc(patience, func() {
		panic(fmt.Sprintf("%s, case %d: %s has not finished after %v", name, index, e.Contender.Name(), patience))
	})
	defer watchdog.Stop()
	return e.Run(ops)
}
