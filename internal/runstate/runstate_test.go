package runstate_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda/internal/runstate"
)

// A run is a context with what a pool puts into that of a run.
type run struct {
	context.Context
	state  runstate.State
	timing *runstate.Timing
}

func (r *run) Value(key any) any {
	switch key.(type) {
	case runstate.Key:
		return &r.state
	case runstate.TimingKey:
		return r.timing
	}
	return r.Context.Value(key)
}

type key struct{}

func TestOfFindsTheStateOfARun(t *testing.T) {
	r := &run{Context: t.Context(), timing: &runstate.Timing{}}
	require.Same(t, &r.state, runstate.Of(r))
	derived, cancel := context.WithCancel(context.WithValue(r, key{}, 1))
	defer cancel()
	require.Same(t, &r.state, runstate.Of(derived), "a middleware may have derived the context")

	inner := &run{Context: derived, timing: &runstate.Timing{}}
	require.Same(t, &inner.state, runstate.Of(inner), "the nearest run counts")
}

func TestOfOutsideOfARun(t *testing.T) {
	require.Nil(t, runstate.Of(t.Context()))
	require.Nil(t, runstate.Of(context.WithValue(t.Context(), key{}, &runstate.State{})))
}

func TestSampleQueueTime(t *testing.T) {
	for before, after := range map[uint32]uint32{
		runstate.Untimed: runstate.Sampled,
		runstate.Sampled: runstate.Sampled,
		runstate.Timed:   runstate.Timed, // somebody wants more
	} {
		r := &run{Context: t.Context(), timing: &runstate.Timing{}}
		r.timing.Store(before)
		runstate.SampleQueueTime(context.WithValue(r, key{}, 1))
		require.Equal(t, after, r.timing.Load())
	}
	runstate.SampleQueueTime(t.Context()) // no run, and nothing to do
}

// Who asks for samples does not take away what another middleware asks for at the
// same time.
func TestSampleQueueTimeLosesNothing(t *testing.T) {
	for range 100 {
		r := &run{Context: t.Context(), timing: &runstate.Timing{}}
		var both sync.WaitGroup
		both.Go(func() { runstate.SampleQueueTime(r) })
		both.Go(func() { r.timing.Store(runstate.Timed) })
		both.Wait()
		require.Equal(t, runstate.Timed, r.timing.Load())
	}
}

func TestNothingIsAllocated(t *testing.T) {
	r := &run{Context: t.Context(), timing: &runstate.Timing{}}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if runstate.Of(r) == nil {
			t.Error("a run has a state")
		}
		runstate.SampleQueueTime(r)
	}))
}
