package report_test

import (
	"encoding/xml"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda/bench/contender"
	"github.com/remuda-go/remuda/bench/report"
	"github.com/remuda-go/remuda/bench/scenario"
)

// results has a cell that remuda wins and one that it loses.
func results() report.Results {
	series := func(name, kind string, values ...float64) report.Series {
		return report.Summarize(name, kind, values, make([]float64, len(values)))
	}
	return report.Results{
		Machine:  []string{"a machine"},
		Versions: []string{"example.com/pond v1"},
		Rounds:   3,
		Scenarios: []report.Scenario{{
			Name: "send-noop", Title: "Fire & forget", About: "What <it> is.",
			Cells: []report.Cell{
				{Name: "1 × 1", Unit: "ns/op", Floor: "channel", Charted: true, Series: []report.Series{
					series("remuda", "subject", 30, 20, 100),
					series("pond", "peer", 60, 60, 61),
					series("ants", "peer", 600, 601, 602),
					series("channel", "floor", 40, 40, 40),
				}},
				{Name: "100 × 1", Unit: "ns/op", Floor: "channel", Charted: true, Series: []report.Series{
					series("remuda", "subject", 200, 200, 200),
					series("pond", "peer", 100, 100, 100),
					series("channel", "floor", 80, 80, 80),
				}},
			},
		}},
	}
}

func TestPage(t *testing.T) {
	page := report.Markdown(results())
	for _, want := range []string{
		"| 1 × 1 | ns/op | 30.0 ±67 % | 0 | pond 60.0 | 0.50 | channel 40.0 | 0.75 |",
		"| 100 × 1 | ns/op | 200 ±0 % | 0 | pond 100 | **2.00** | channel 80.0 | **2.50** |",
		"remuda does worse than the best peer in: 100 × 1 (**2.00**).",
		"| send-noop | the median cell, ÷ by hand | 1 | 1.63 | **no** |",
		"| send-noop | “no more producers than workers”, ÷ by hand | 1.15 | 0.75 (1 × 1) | yes |",
		"| send-noop | “more producers than workers”, ÷ by hand | 1.5 | 2.5 (100 × 1) | **no** |",
		"| send-noop | each cell, allocations | 0 | 0 (1 × 1) | yes |",
		"![Fire & forget](charts/send-noop.svg)",
		"go run ./cmd/compare",
		"a machine", "example.com/pond v1",
		"varmq", "hmoragrega/workers", "gofherd",
	} {
		assert.Contains(t, page, want)
	}
	assert.NotContains(t, page, "quick look")
	assert.NotContains(t, page, "| latency |", "goals of scenarios that did not run")
}

// A goal whose scenario, cells or contender were renamed would just be left out.
func TestEveryGoalIsAboutSomething(t *testing.T) {
	var r report.Results
	for _, s := range scenario.All(contender.All()) {
		table := report.Scenario{Name: s.Name}
		for _, c := range s.Cases {
			for _, cell := range c.Cells {
				figures := report.Cell{Name: cell.Name, Floor: c.Floor}
				for _, e := range c.Entries {
					figures.Series = append(figures.Series,
						report.Summarize(e.Contender.Name(), string(e.Contender.Kind()), []float64{1}, []float64{1}))
				}
				table.Cells = append(table.Cells, figures)
			}
		}
		r.Scenarios = append(r.Scenarios, table)
	}
	assert.Empty(t, report.DeadGoals(r))
}

func TestTablesHaveEvenRows(t *testing.T) {
	columns := 0
	for line := range strings.Lines(report.Markdown(results())) {
		if !strings.HasPrefix(line, "|") {
			columns = 0
			continue
		}
		n := strings.Count(line, "|")
		if columns == 0 {
			columns = n
		}
		assert.Equal(t, columns, n, line)
	}
}

func TestQuickLookSaysSo(t *testing.T) {
	r := results()
	r.Quick = true
	assert.Contains(t, report.Markdown(r), "Do not quote it")
}

func TestChartIsValid(t *testing.T) {
	svg, err := report.Chart(results().Scenarios[0])
	require.NoError(t, err)
	bars := 0
	for d := xml.NewDecoder(strings.NewReader(string(svg))); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "rect" {
			bars++
		}
	}
	assert.Equal(t, 7, bars)
}

func TestWrittenResultsCanBeRenderedAnew(t *testing.T) {
	dir := t.TempDir()
	r := results()
	require.NoError(t, report.Write(dir, r))
	loaded, err := report.Load(filepath.Join(dir, report.ResultsFile))
	require.NoError(t, err)
	assert.Equal(t, r, loaded)
	assert.FileExists(t, filepath.Join(dir, "RESULTS.md"))
	assert.FileExists(t, filepath.Join(dir, "charts", "send-noop.svg"))
}
