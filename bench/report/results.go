// Package report turns measurements into a page of Markdown and charts.
package report

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"slices"
)

// Results are the measurements of one comparison. They are kept as a file, so
// that the page can be made anew without measuring again.
type Results struct {
	Machine   []string // lines of what it ran on
	Versions  []string // of the contenders
	Quick     bool
	Rounds    int
	Scenarios []Scenario
}

// Scenario is the measurements of a scenario.
type Scenario struct {
	Name, Title, About string
	Cells              []Cell
}

// Cell is one figure of all contenders.
type Cell struct {
	Name    string
	Unit    string
	Floor   string   `json:",omitempty"` // the contender to compare remuda with
	Charted bool     `json:",omitempty"`
	Endless []string `json:",omitempty"` // peers that did not end in time, and have no series
	Series  []Series
}

// Series is what was measured of one contender, over all rounds.
type Series struct {
	Contender string
	Kind      string
	Median    float64
	Quartiles [2]float64 // the first and the third

	// Allocs are the allocations per operation in the median round, or nil if
	// that means nothing.
	Allocs *float64 `json:",omitempty"`
}

// Summarize makes a series of the values of all rounds and of the allocations,
// if there are any.
func Summarize(contender, kind string, values, allocs []float64) Series {
	s := Series{
		Contender: contender,
		Kind:      kind,
		Median:    rounded(median(values)),
		Quartiles: [2]float64{rounded(quantile(values, 0.25)), rounded(quantile(values, 0.75))},
	}
	if len(allocs) > 0 {
		n := rounded(median(allocs))
		s.Allocs = &n
	}
	return s
}

// spread is half the distance between the quartiles, as a share of the median.
func (s Series) spread() float64 { return (s.Quartiles[1] - s.Quartiles[0]) / 2 / math.Abs(s.Median) }

// subject is the contender that all of this is about.
const subject = "remuda"

// find returns the series of a contender.
func (c Cell) find(contender string) (Series, bool) {
	i := slices.IndexFunc(c.Series, func(s Series) bool { return s.Contender == contender })
	if i < 0 {
		return Series{}, false
	}
	return c.Series[i], true
}

// bestPeer returns the peer with the least median.
func (c Cell) bestPeer() (best Series, ok bool) {
	for _, s := range c.Series {
		if s.Kind == "peer" && (!ok || s.Median < best.Median) {
			best, ok = s, true
		}
	}
	return best, ok
}

// ratio is remuda's median by that of another; NaN if one is missing.
func (c Cell) ratio(to Series, ok bool) float64 {
	own, found := c.find(subject)
	if !found || !ok {
		return math.NaN()
	}
	return own.Median / to.Median
}

// Load reads results from a file.
func Load(path string) (r Results, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(data, &r)
}

// Save writes results to a file, with a line for each series.
func (r Results) Save(path string) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	for _, object := range []string{`{"Contender":`, `{"Name":`} { // no string can have these in it: its quotes are escaped
		data = bytes.ReplaceAll(data, []byte(object), []byte("\n"+object))
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}
