package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

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
				assert.NotZero(t, series.Median, "%s, %s", c.Name, series.Contender)
				assert.LessOrEqual(t, series.Quartiles[0], series.Quartiles[1])
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
	samples, err := startChild(time.Minute, "memory", 1, "remuda", 100)
	require.NoError(t, err)
	require.Len(t, samples, 1)
	assert.Positive(t, samples[0].Value)

	_, err = startChild(time.Minute, "memory", 1, "nobody", 100)
	assert.ErrorContains(t, err, "its process")
}

func TestProcessThatTakesTooLongIsEnded(t *testing.T) {
	_, err := startChild(50*time.Millisecond, "loop", 0, "remuda", 1<<40)
	assert.ErrorIs(t, err, errPatience)
}

func TestChildRunsOneEntry(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, runChild([]string{"do", "0", "remuda", "10"}, &out))
	assert.Contains(t, out.String(), `"Value":`)

	assert.Error(t, runChild([]string{"do", "0", "nobody", "10"}, &out))
	assert.Error(t, runChild([]string{"do", "99", "remuda", "10"}, &out))
	assert.Error(t, runChild([]string{"do"}, &out))
}
