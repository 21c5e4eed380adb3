package remudaprom_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
	remudaprom "github.com/remuda-go/remuda/prometheus"
)

// A name that is taken is taken, whichever of its parts either pool shows.
func TestANameIsTakenWhateverItsParts(t *testing.T) {
	stats := func() remuda.Stats { return remuda.Stats{} }
	for name, parts := range map[string][2]*middleware.Metrics{
		"with and without": {{}, nil},
		"without and with": {nil, {}},
		"both without":     {nil, nil},
		"both with":        {{}, {}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, wrap := range []func(prometheus.Registerer) prometheus.Registerer{
				func(r prometheus.Registerer) prometheus.Registerer { return r },
				func(r prometheus.Registerer) prometheus.Registerer {
					return prometheus.WrapRegistererWithPrefix("shop_", r)
				},
			} {
				reg := wrap(prometheus.NewRegistry())
				first, err := remudaprom.Register(reg, "orders", stats, parts[0])
				require.NoError(t, err)
				_, err = remudaprom.Register(reg, "orders", stats, parts[1])
				var taken prometheus.AlreadyRegisteredError
				require.ErrorAs(t, err, &taken)
				require.True(t, reg.Unregister(first))
				_, err = remudaprom.Register(reg, "orders", stats, parts[1])
				require.NoError(t, err)
			}
		})
	}
}

// A function that breaks costs its own metrics, and not the scrape or the process:
// the registry calls it on a goroutine of its own.
func TestStatsThatBreak(t *testing.T) {
	broken := errors.New("no numbers")
	for name, stats := range map[string]func() remuda.Stats{
		"panic":  func() remuda.Stats { panic(broken) },
		"Goexit": func() remuda.Stats { runtime.Goexit(); return remuda.Stats{} },
	} {
		t.Run(name, func(t *testing.T) {
			reg := prometheus.NewRegistry()
			_, err := remudaprom.Register(reg, "broken", stats, &middleware.Metrics{})
			require.NoError(t, err)
			_, err = remudaprom.Register(reg, "sound", func() remuda.Stats { return remuda.Stats{Workers: 3} }, nil)
			require.NoError(t, err)
			families, err := reg.Gather()
			require.ErrorContains(t, err, "broken")
			if name == "panic" {
				require.ErrorContains(t, err, "no numbers")
			}
			shown := 0
			for _, f := range families {
				for _, m := range f.GetMetric() {
					shown++
					labels := m.GetLabel()
					require.Equal(t, "sound", labels[len(labels)-1].GetValue())
				}
			}
			require.Equal(t, 8, shown)
		})
	}
}

// A name that is not UTF-8 does not make the registry refuse the pool.
func TestNameThatIsNotUTF8(t *testing.T) {
	reg := prometheus.NewRegistry()
	_, err := remudaprom.Register(reg, "orders\xff", func() remuda.Stats { return remuda.Stats{Workers: 1} }, nil)
	require.NoError(t, err)
	require.NoError(t, testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP remuda_workers Workers that the pool should have.
# TYPE remuda_workers gauge
remuda_workers{pool="orders`+"\uFFFD"+`"} 1
`), "remuda_workers"))
}

// Sums have no bound, other than a Duration.
func TestSumBeyondADuration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const century = 100 * 365 * 24 * time.Hour
		reg := prometheus.NewRegistry()
		var metrics middleware.Metrics
		p, err := remuda.NewWithConfig[time.Duration, remuda.Void](remuda.Config{Initial: 4}, &metrics)
		require.NoError(t, err)
		require.NoError(t, p.Start(remuda.NoOutput(sleep)))
		_, err = remudaprom.Register(reg, "slow", p.Stats, &metrics)
		require.NoError(t, err)
		for range 4 {
			require.NoError(t, p.Send(t.Context(), century))
		}
		require.NoError(t, p.Close(t.Context()))
		require.InEpsilon(t, 4*century.Seconds(), histogramOf(t, reg, "remuda_job_duration_seconds").GetSampleSum(), 1e-12)
	})
}
