package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/remuda-go/remuda/bench/report"
	"github.com/remuda-go/remuda/bench/scenario"
)

// patience is how long one run may take; what takes longest takes 10 s. A contender
// that has lost an input may wait for it forever.
const patience = time.Minute

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
		table := report.Scenario{Name: s.Name, Title: s.Title, About: s.About}
		for i, cs := range s.Cases {
			fmt.Fprintf(os.Stderr, "%5.0fs  %s: %s\n", time.Since(start).Seconds(), s.Name, cs.Cells[0].Name)
			cells, err := c.runCase(s, i)
			if err != nil {
				return r, err
			}
			table.Cells = append(table.Cells, cells...)
		}
		r.Scenarios = append(r.Scenarios, table)
	}
	if after, ok := loadNow(); ok && known {
		r.Machine = append(r.Machine, after.since(before))
	}
	return r, nil
}

func (c comparison) runCase(s scenario.Scenario, index int) ([]report.Cell, error) {
	cs := s.Cases[index]
	rounds := make([]measured, len(cs.Entries))
	endless := make([]bool, len(cs.Entries))
	ops := cs.Ops
	if c.quick {
		ops = cs.QuickOps
	}
	for round := range c.rounds {
		for i := range cs.Entries {
			at := (i + round) % len(cs.Entries) // nobody always runs after the same one
			if endless[at] {
				continue
			}
			samples, err := c.runEntry(s.Name, index, cs.Entries[at], ops)
			if errors.Is(err, errPatience) && cs.Entries[at].Contender.Kind() == scenario.Peer {
				fmt.Fprintf(os.Stderr, "        %s: %v\n", cs.Entries[at].Contender.Name(), err)
				endless[at] = true // as go-pkgz now and then, of 1,000,000 jobs on 50,000 workers
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("%s, %s, %s: %w", s.Name, cs.Cells[0].Name, cs.Entries[at].Contender.Name(), err)
			}
			rounds[at] = append(rounds[at], samples)
		}
	}
	return summarize(cs, rounds, endless), nil
}

// measured is what a contender's rounds measured: a sample for each cell.
type measured [][]scenario.Sample

func summarize(cs scenario.Case, rounds []measured, endless []bool) (cells []report.Cell) {
	for k, cell := range cs.Cells {
		r := report.Cell{Name: cell.Name, Unit: cell.Unit, Floor: cs.Floor, Charted: cell.Charted}
		for i, e := range cs.Entries {
			if endless[i] {
				r.Endless = append(r.Endless, e.Contender.Name())
				continue
			}
			values, allocs := rounds[i].cell(k)
			r.Series = append(r.Series, report.Summarize(e.Contender.Name(), string(e.Contender.Kind()), values, allocs))
		}
		cells = append(cells, r)
	}
	return cells
}

// cell returns the values and the allocations of a cell, if those mean anything.
func (m measured) cell(k int) (values, allocs []float64) {
	for _, samples := range m {
		values = append(values, samples[k].Value)
		if samples[k].Allocs >= 0 {
			allocs = append(allocs, samples[k].Allocs)
		}
	}
	return values, allocs
}

func (c comparison) runEntry(name string, index int, e scenario.Entry, ops int) ([]scenario.Sample, error) {
	if e.Alone {
		return startChild(patience, name, index, e.Contender.Name(), ops)
	}
	watchdog := time.AfterFunc(patience, func() {
		panic(fmt.Sprintf("%s, case %d: %s has not finished after %v", name, index, e.Contender.Name(), patience))
	})
	defer watchdog.Stop()
	return e.Run(ops)
}
