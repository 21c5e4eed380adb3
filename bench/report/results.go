// Package report turns measurements into a page of Markdown and charts.
package report

import (
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
	Floor   string `json:",omitempty"` // the contender to compare remuda with
	Charted bool   `json:",omitempty"`
	Series  []Series
}

// Series is what was measured of one contender, a value for each round.
type Series struct {
	Contender string
	Kind      string
	Values    []float64
	Allocs    []float64 `json:",omitempty"`
	Bytes     []float64 `json:",omitempty"`
}

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
		if s.Kind == "peer" && (!ok || median(s.Values) < median(best.Values)) {
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
	return median(own.Values) / median(to.Values)
}

// Load reads results from a file.
func Load(path string) (r Results, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(data, &r)
}

// Save writes results to a file.
func (r Results) Save(path string) error {
	data, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}
