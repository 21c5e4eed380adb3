package sampling_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda/internal/sampling"
)

// A clock that events move on, and what a Sampler makes of them.
type events struct {
	sampling.Sampler
	now, last time.Duration

	timed, stoodFor int
}

// come lets n events come, each so long after the one before.
func (e *events) come(n int, apart time.Duration) {
	for range n {
		e.now += apart
		if e.Due() {
			e.timed++
			e.stoodFor += int(e.Took(e.now - e.last))
			e.last = e.now
		}
	}
}

func TestFewEventsAreAllTimed(t *testing.T) {
	var e events
	e.come(1_000_000, 20*time.Microsecond)
	require.Equal(t, 1_000_000, e.timed)
	require.Equal(t, 1_000_000, e.stoodFor)
}

// However fast the events of a burst come, none is missed, and none stands for
// those of another burst.
func TestBurstsAreTimedWhole(t *testing.T) {
	for _, burst := range []int{1, 65, 190, sampling.Burst} {
		var e events
		for range 50 {
			e.come(burst, 0)
			e.now += 200 * time.Millisecond
		}
		require.Equal(t, 50*burst, e.timed, "bursts of %d", burst)
		require.Equal(t, 50*burst, e.stoodFor)
	}
}

func TestOfManyEventsOneStandsForMany(t *testing.T) {
	const many = 10_000_000
	var e events
	e.come(many, 100*time.Nanosecond)
	require.Less(t, e.timed, sampling.Burst+many/sampling.Stride+1)
	require.Greater(t, e.timed, many/sampling.Stride)
	require.LessOrEqual(t, e.stoodFor, many)
	require.Greater(t, e.stoodFor, many-sampling.Stride)
}

// Once events are few again, all are timed as soon as that was seen.
func TestFewEventsAfterManyAreAllTimed(t *testing.T) {
	var e events
	e.come(100_000, 0)
	e.come(sampling.Stride, time.Second)
	e.timed = 0
	e.come(100, time.Second)
	require.Equal(t, 100, e.timed)
}
