package queuetime_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda/internal/queuetime"
	"github.com/remuda-go/remuda/internal/runstate"
	"github.com/remuda-go/remuda/internal/sampling"
)

// withClock runs f in a bubble with a clock that has just started.
func withClock(t *testing.T, timing uint32, f func(c *queuetime.Clock, s *queuetime.Stamper)) {
	synctest.Test(t, func(t *testing.T) {
		var c queuetime.Clock
		var s queuetime.Stamper
		c.Start()
		c.Timing.Store(timing)
		f(&c, &s)
	})
}

func TestClockIsNeverZero(t *testing.T) {
	withClock(t, runstate.Untimed, func(c *queuetime.Clock, _ *queuetime.Stamper) {
		require.Equal(t, int64(1), c.Now())
		time.Sleep(time.Second)
		require.Equal(t, int64(time.Second)+1, c.Now())
	})
}

func TestUntimed(t *testing.T) {
	withClock(t, runstate.Untimed, func(c *queuetime.Clock, s *queuetime.Stamper) {
		time.Sleep(time.Second)
		require.Zero(t, s.Stamp(c))
	})
}

func TestTimed(t *testing.T) {
	withClock(t, runstate.Timed, func(c *queuetime.Clock, s *queuetime.Stamper) {
		for range 10 * sampling.Burst { // all of them, however frequent
			at := s.Stamp(c)
			require.NotZero(t, at)
			d, inputs := at.Waited(c)
			require.Zero(t, d)
			require.EqualValues(t, 1, inputs)
		}
		at := s.Stamp(c)
		time.Sleep(time.Minute)
		d, inputs := at.Waited(c)
		require.Equal(t, time.Minute, d)
		require.EqualValues(t, 1, inputs)
	})
}

// A stamp that was taken where others were left out stands for them, too, and all
// together for all.
func TestSampled(t *testing.T) {
	withClock(t, runstate.Sampled, func(c *queuetime.Clock, s *queuetime.Stamper) {
		time.Sleep(time.Hour) // the first stamp comes long after the start
		const strides = 20
		const inputs = sampling.Burst + 1 + strides*sampling.Stride
		var stamps []queuetime.Stamp
		for range inputs {
			if at := s.Stamp(c); at != 0 {
				stamps = append(stamps, at)
			}
		}
		require.Len(t, stamps, sampling.Burst+1+strides)
		time.Sleep(time.Second)
		var stoodFor uint32
		for i, at := range stamps {
			d, n := at.Waited(c)
			require.Equal(t, time.Second, d)
			require.Equal(t, i > sampling.Burst, n == sampling.Stride)
			stoodFor += n
		}
		require.EqualValues(t, inputs, stoodFor)
	})
}

func TestSampledTakesAllThatAreSeldom(t *testing.T) {
	withClock(t, runstate.Sampled, func(c *queuetime.Clock, s *queuetime.Stamper) {
		for range 10 * sampling.Burst {
			time.Sleep(time.Millisecond)
			_, inputs := s.Stamp(c).Waited(c)
			require.EqualValues(t, 1, inputs)
		}
	})
}

// Somebody may ask for more while inputs are accepted.
func TestTimingMayChange(t *testing.T) {
	withClock(t, runstate.Untimed, func(c *queuetime.Clock, s *queuetime.Stamper) {
		require.Zero(t, s.Stamp(c))
		c.Timing.Store(runstate.Sampled)
		require.NotZero(t, s.Stamp(c))
		c.Timing.Store(runstate.Timed)
		require.NotZero(t, s.Stamp(c))
	})
}
