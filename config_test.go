package remuda_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// A configuration is checked once, when the pool is made, and by each of the
// functions that take one.
func TestConfigThatContradictsItselfIsRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		cfg  remuda.Config
		want error
	}{
		"negative Min":           {remuda.Config{Min: -1}, remuda.ErrInvalidMin},
		"Min while paused":       {remuda.Config{Min: 1, Paused: true}, remuda.ErrInvalidMin},
		"negative Max":           {remuda.Config{Max: -1}, remuda.ErrInvalidMax},
		"Max below Min":          {remuda.Config{Min: 3, Max: 2}, remuda.ErrInvalidMax},
		"negative Initial":       {remuda.Config{Initial: -1}, remuda.ErrInvalidInitial},
		"Initial while paused":   {remuda.Config{Initial: 1, Paused: true}, remuda.ErrInvalidInitial},
		"Initial below Min":      {remuda.Config{Min: 3, Initial: 2}, remuda.ErrInvalidInitial},
		"Initial above Max":      {remuda.Config{Max: 2, Initial: 3}, remuda.ErrInvalidInitial},
		"Queue below Unbuffered": {remuda.Config{Queue: -2}, remuda.ErrInvalidQueue},
		"negative IdleTimeout":   {remuda.Config{IdleTimeout: -1}, remuda.ErrInvalidIdleTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := remuda.NewWithConfig[int, int](tt.cfg)
			require.ErrorIs(t, err, tt.want)
			assert.Nil(t, p)

			p, err = remuda.NewFrom[int, int](remuda.FromChan(make(chan int)), tt.cfg)
			require.ErrorIs(t, err, tt.want)
			assert.Nil(t, p)

			l, err := remuda.NewLoop(tt.cfg)
			require.ErrorIs(t, err, tt.want)
			assert.Nil(t, l)
		})
	}
}

func TestConfigSetsTheNumberOfWorkers(t *testing.T) {
	for name, tt := range map[string]struct {
		cfg  remuda.Config
		want int
	}{
		"zero":                {remuda.Config{}, 1},
		"Min":                 {remuda.Config{Min: 3}, 3},
		"Max":                 {remuda.Config{Max: 3}, 1},
		"Initial":             {remuda.Config{Initial: 3}, 3},
		"Initial at its ends": {remuda.Config{Min: 3, Max: 3, Initial: 3}, 3},
		"Paused":              {remuda.Config{Paused: true, Max: 3}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := remuda.NewWithConfig[int, int](tt.cfg)
			require.NoError(t, err)
			assert.Zero(t, p.Current(), "before Start")
			require.NoError(t, p.Start(remuda.Func(double)))
			closeAfter(t, p)
			assert.Equal(t, tt.want, p.Current())
			assert.Equal(t, tt.want, p.Stats().Workers)
		})
	}
}

func TestNewFromRefusesANilSource(t *testing.T) {
	p, err := remuda.NewFrom[int, int](nil, remuda.Config{})
	require.ErrorIs(t, err, remuda.ErrNilJob)
	assert.Nil(t, p)
}

func TestMust(t *testing.T) {
	p := remuda.New[int, int]()
	assert.Same(t, p, remuda.Must(p, nil))

	err := errors.New("no")
	assert.PanicsWithValue(t, err, func() { remuda.Must(p, err) })
}

// Every message says where it comes from, and with a name in the Config from
// which pool.
func TestErrorsSayWhereTheyComeFrom(t *testing.T) {
	for _, err := range []error{
		remuda.ErrPoolClosed, remuda.ErrPoolStarted, remuda.ErrNotStarted, remuda.ErrMinReached, remuda.ErrMaxReached,
		remuda.ErrQueueFull, remuda.ErrInvalidMin, remuda.ErrInvalidMax, remuda.ErrInvalidInitial, remuda.ErrInvalidQueue, remuda.ErrInvalidIdleTimeout,
		remuda.ErrNilJob, remuda.ErrSourceFed, remuda.ErrGoexit, remuda.ErrCutShort, remuda.ErrNestedWait, remuda.ErrLoopJob, &remuda.PanicError{Value: 1},
	} {
		assert.True(t, strings.HasPrefix(err.Error(), "remuda: "), "%v", err)
	}
	_, err := remuda.NewWithConfig[int, int](remuda.Config{Min: 3, Max: 2})
	require.EqualError(t, err, "remuda: invalid maximum number of workers: Max 2 is less than Min 3")

	p := remuda.Must(remuda.NewWithConfig[int, int](remuda.Config{Name: "mill", Paused: true, Max: 1, Queue: 1}))
	assert.EqualError(t, p.TrySend(bg, 1), "remuda: mill: pool is not started")
	require.NoError(t, p.Start(remuda.Func(double)))
	closeAfter(t, p)
	require.NoError(t, p.TrySend(bg, 1))
	for _, tt := range []struct {
		err, is error
		text    string
	}{
		{p.Start(remuda.Func(double)), remuda.ErrPoolStarted, "remuda: mill: pool is already started"},
		{p.Less(), remuda.ErrMinReached, "remuda: mill: Less: fewer than Min 0"},
		{p.Resize(9), remuda.ErrMaxReached, "remuda: mill: Resize(9): more than Max 1"},
		{p.TrySend(bg, 2), remuda.ErrQueueFull, "remuda: mill: queue is full: 1 wait"},
		{loopClosed(t, "mill"), remuda.ErrPoolClosed, "remuda: mill: cut short: pool is closed"},
	} {
		assert.ErrorIs(t, tt.err, tt.is)
		assert.EqualError(t, tt.err, tt.text)
	}
}

// loopClosed returns what ends a loop over Map of a pool that is closed meanwhile.
func loopClosed(t *testing.T, name string) (err error) {
	p := startPool(t, remuda.Config{Name: name}, double)
	for _, err = range p.Map(bg, func(yield func(int) bool) {
		for yield(1) {
		}
	}) {
		_ = p.CloseWithTimeout(0)
	}
	return err
}
