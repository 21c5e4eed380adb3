package contender_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/remuda-go/remuda/bench/contender"
	"github.com/remuda-go/remuda/bench/scenario"
)

// ants has a pool of its own from the start.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

func TestNamesAreDistinct(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range contender.All() {
		assert.False(t, seen[c.Name()], c.Name())
		seen[c.Name()] = true
	}
	assert.True(t, seen["remuda"])
}

// Each contender goes through each scenario it takes part in, with few
// operations. The scenarios check themselves that nothing was lost.
func TestEveryContenderInEveryScenario(t *testing.T) {
	for _, s := range scenario.All(contender.All()) {
		if s.Name == "send-1us" || s.Name == "send-10us" {
			s.Cases = s.Cases[:1] // but for the job, they are the same as send-noop
		}
		t.Run(s.Name, func(t *testing.T) {
			for _, c := range s.Cases {
				require.NotEmpty(t, c.Entries)
				floor := c.Floor == ""
				for _, e := range c.Entries {
					floor = floor || e.Contender.Name() == c.Floor
					samples, err := e.Run(min(60, c.QuickOps))
					require.NoError(t, err, "%s, %s", c.Cells[0].Name, e.Contender.Name())
					assert.Len(t, samples, len(c.Cells))
				}
				assert.True(t, floor, "%s: floor %q takes no part", c.Cells[0].Name, c.Floor)
				assert.Equal(t, "remuda", c.Entries[0].Contender.Name(), c.Cells[0].Name)
			}
		})
	}
}

// A contender with so many workers runs so many jobs at a time, and no more.
func TestWorkersBoundTheJobs(t *testing.T) {
	const workers, inputs = 4, 400
	for _, c := range contender.All() {
		s, ok := c.(scenario.Sending)
		if !ok {
			continue
		}
		t.Run(c.Name(), func(t *testing.T) {
			var running, most, ran atomic.Int64
			var all sync.WaitGroup
			all.Add(workers)
			sender := s.Sender(workers, func(in int) {
				n := running.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				if in < workers { // the first ones wait for each other
					all.Done()
					all.Wait()
				}
				runtime.Gosched()
				running.Add(-1)
				ran.Add(1)
			})
			for in := range inputs {
				sender.Send(in)
			}
			sender.Close()
			assert.EqualValues(t, workers, most.Load())
			assert.EqualValues(t, inputs, ran.Load())
		})
	}
}
