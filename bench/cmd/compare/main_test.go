package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda/bench/report"
)

// TestMain lets the test binary be its own child, as the program is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == childCommand {
		main()
	}
	os.Exit(m.Run())
}

func TestRunWritesPageChartsAndResults(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, run([]string{"-quick", "-count", "2", "-scenario", "^(loop|middleware)$", "-out", dir}))

	page, err := os.ReadFile(filepath.Join(dir, "RESULTS.md"))
	require.NoError(t, err)
	for _, want := range []string{"Do not quote it", "## Loop: a worker", "| run | ns/op |", "| one layer | ns/op |"} {
		assert.Contains(t, string(page), want)
	}
	for _, name := range []string{"loop", "middleware"} {
		assert.FileExists(t, filepath.Join(dir, "charts", name+".svg"))
	}

	r, err := report.Load(filepath.Join(dir, report.ResultsFile))
	require.NoError(t, err)
	require.Len(t, r.Scenarios, 2)
	for _, s := range r.Scenarios {
		for _, c := range s.Cells {
			require.NotEmpty(t, c.Series, c.Name)
			for _, series := range c.Series {
				assert.Len(t, series.Values, 2, "%s, %s", c.Name, series.Contender)
			}
		}
	}
}

func TestBadArguments(t *testing.T) {
	assert.ErrorContains(t, run([]string{"-scenario", "^nonesuch$"}), "no scenario matches")
	assert.Error(t, run([]string{"-scenario", "("}))
	assert.Error(t, run([]string{"-render", "-out", t.TempDir()}), "no results to render")
}

func TestEntryInAProcessOfItsOwn(t *testing.T) {
	samples, err := startChild("memory", 1, "remuda", 100)
	require.NoError(t, err)
	require.Len(t, samples, 1)
	assert.Positive(t, samples[0].Value)

	_, err = startChild("memory", 1, "nobody", 100)
	assert.ErrorContains(t, err, "its process")
}

func TestChildRunsOneEntry(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, runChild([]string{"do", "0", "remuda", "10"}, &out))
	assert.Contains(t, out.String(), `"Value":`)

	assert.Error(t, runChild([]string{"do", "0", "nobody", "10"}, &out))
	assert.Error(t, runChild([]string{"do", "99", "remuda", "10"}, &out))
	assert.Error(t, runChild([]string{"do"}, &out))
}
