package batches

import (
	"flag"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var rows = flag.Int("rows", 20_000, "`number` of rows to load")

var loads = []struct {
	name string
	load load
}{
	{"remuda-map", withRemuda},
	{"remuda-send", withRemudaSend},
	{"channel", withChannel},
	{"rill", withRill},
	{"one-by-one", oneByOne},
}

func TestLoad(t *testing.T) {
	for _, l := range loads {
		t.Run(l.name, func(t *testing.T) { run(t, l.load, 2_750, filepath.Join(t.TempDir(), "users.db")) })
	}
}

// run loads n users, and sees that all are there but for those that must fail.
func run(tb testing.TB, load load, n int, path string) {
	tb.Helper()
	table, err := openTable(path)
	require.NoError(tb, err)
	failed, err := load(tb.Context(), table, generate(n))
	require.NoError(tb, err)
	require.Equal(tb, n/1000, failed)
	count, err := table.count()
	require.NoError(tb, err)
	require.Equal(tb, n-n/1000, count)
	require.NoError(tb, table.close())
}

func BenchmarkLoad(b *testing.B) {
	for _, l := range loads {
		b.Run(l.name, func(b *testing.B) {
			for b.Loop() {
				run(b, l.load, *rows, filepath.Join(b.TempDir(), "users.db"))
			}
			b.ReportMetric(float64(*rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
