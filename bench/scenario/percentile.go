package scenario

import (
	"errors"
	"slices"
	"time"
)

// percentiles are the permilles that are shown where single operations are
// timed.
var percentiles = []struct {
	name     string
	permille int
}{{"p50", 500}, {"p99", 990}, {"p99.9", 999}}

// percentileCells are the cells of a case that times single operations.
func percentileCells(name, unit string) (cells []Cell) {
	for _, p := range percentiles {
		cells = append(cells, Cell{Name: name + ", " + p.name, Unit: unit})
	}
	return cells
}

// percentileSamples are their samples.
func percentileSamples(took []time.Duration, unit time.Duration) (samples []Sample, err error) {
	if len(took) == 0 {
		return nil, errors.New("nothing was timed")
	}
	slices.Sort(took)
	for _, p := range percentiles {
		d := took[min(len(took)*p.permille/1000, len(took)-1)]
		samples = append(samples, figure(float64(d)/float64(unit)))
	}
	return samples, nil
}
