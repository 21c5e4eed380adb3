package remuda_test

import (
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

func TestStart(t *testing.T) {
	p, err := remuda.Start(3, double)
	require.NoError(t, err)
	closeAfter(t, p)
	require.Equal(t, 3, p.Current())
	out, err := p.Do(bg, 4)
	require.NoError(t, err)
	require.Equal(t, 8, out)
}

func TestStartWithWhatItRefuses(t *testing.T) {
	pass := remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler { return next })
	for name, tt := range map[string]struct {
		start func() (*remuda.Pool[int, int], error)
		is    error
		text  string
	}{
		"no workers": {func() (*remuda.Pool[int, int], error) { return remuda.Start(0, double) }, remuda.ErrInvalidInitial, "Start with 0"},
		"nil function": {func() (*remuda.Pool[int, int], error) {
			return remuda.Start(1, (func(context.Context, int) (int, error))(nil))
		}, remuda.ErrNilJob, "job is nil"},
		"nil middleware": {func() (*remuda.Pool[int, int], error) { return remuda.Start(1, double, pass, nil) }, remuda.ErrNilJob, "middleware 2 is nil"},
		"no workers for a source": {func() (*remuda.Pool[int, int], error) {
			return remuda.StartFrom(0, &countdown{}, double)
		}, remuda.ErrInvalidInitial, "StartFrom with 0"},
		"nil source": {func() (*remuda.Pool[int, int], error) {
			return remuda.StartFrom(1, nil, double)
		}, remuda.ErrNilJob, "source is nil"},
		"nil function for a source": {func() (*remuda.Pool[int, int], error) {
			return remuda.StartFrom(1, &countdown{}, (func(context.Context, int) (int, error))(nil))
		}, remuda.ErrNilJob, "job is nil"},
		"bad config for a source": {func() (*remuda.Pool[int, int], error) {
			return remuda.StartFromWithConfig(remuda.Config{Name: "mill", Min: 2, Max: 1}, &countdown{}, double)
		}, remuda.ErrInvalidMax, "remuda: mill: "},
		"bad config": {func() (*remuda.Pool[int, int], error) {
			return remuda.StartWithConfig(remuda.Config{Name: "mill", Min: 2, Max: 1}, double)
		}, remuda.ErrInvalidMax, "remuda: mill: "},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := tt.start()
			require.Nil(t, p)
			require.ErrorIs(t, err, tt.is)
			require.ErrorContains(t, err, tt.text)
		})
	}
}

// Inputs and outputs are inferred, also from a source of one's own.
func TestStartFrom(t *testing.T) {
	ch := make(chan int, 3)
	ch <- 1
	ch <- 2
	ch <- 3
	close(ch)
	sum := 0
	add := func(_ context.Context, n int) (remuda.Void, error) { sum += n; return remuda.Void{}, nil }
	p, err := remuda.StartFrom(1, remuda.FromChan(ch), add)
	require.NoError(t, err)
	<-p.Done()
	require.NoError(t, p.Err())
	require.Equal(t, 6, sum)
	require.ErrorIs(t, p.Send(bg, 1), remuda.ErrPoolClosed)

	p, err = remuda.StartFromWithConfig(remuda.Config{Name: "mill"}, &countdown{left: 3}, add)
	require.NoError(t, err)
	<-p.Done()
	require.Equal(t, 6+2+1+0, sum)
	require.Equal(t, "mill", p.Name())
}

// A countdown is a source of the numbers below left.
type countdown struct{ left int }

func (c *countdown) Next(context.Context) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	c.left--
	return c.left, nil
}

func TestCall(t *testing.T) {
	p, err := remuda.Start(2, remuda.Call)
	require.NoError(t, err)
	closeAfter(t, p)
	_, err = p.Do(bg, func(context.Context) error { return errJob })
	require.ErrorIs(t, err, errJob)
	_, err = p.Do(bg, nil)
	require.ErrorIs(t, err, remuda.ErrNilJob)
	require.EqualError(t, err, "remuda: Call: function is nil")

	var pool *remuda.FuncPool = p // the type has a name
	require.Equal(t, 2, pool.Current())
}

// A job of Loop would wait for inputs in a pool that is fed by its queue, whatever is
// around it.
func TestLoopNeedsALoop(t *testing.T) {
	job := remuda.Loop(func(context.Context) error { return errJob })
	see := func(context.Context, remuda.Void, remuda.Void, error) {}
	pass := remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler { return next })
	for name, job := range map[string]remuda.Job[remuda.Void, remuda.Void]{
		"bare":  job,
		"Tap":   remuda.Tap(job, see),
		"Wrap":  remuda.Wrap(remuda.Tap(job, see), pass),
		"Then":  remuda.Then(job, job),
		"twice": remuda.Then(remuda.Then(job, job), job),
	} {
		t.Run(name, func(t *testing.T) {
			p := remuda.Must(remuda.NewWithConfig[remuda.Void, remuda.Void](remuda.Config{Name: "mill"}))
			err := p.Start(job)
			require.ErrorIs(t, err, remuda.ErrLoopJob)
			require.EqualError(t, err, "remuda: mill: a job of Loop needs a pool made by NewLoop")
			require.ErrorIs(t, p.Run(bg, job), remuda.ErrLoopJob)

			ch := make(chan remuda.Void, 1)
			ch <- remuda.Void{}
			close(ch)
			from := remuda.Must(remuda.NewFrom[remuda.Void, remuda.Void](remuda.FromChan(ch), remuda.Config{}))
			require.NoError(t, from.Run(bg, job), "it runs once for each input")
			require.EqualValues(t, 1, from.Stats().Failed)

			loop := remuda.Must(remuda.NewLoop(remuda.Config{StopOnErrors: true}))
			require.ErrorIs(t, loop.Run(bg, job), errJob)
		})
	}
	p := remuda.New[int, remuda.Void]()
	first := remuda.Func(func(context.Context, int) (remuda.Void, error) { return remuda.Void{}, nil })
	require.NoError(t, p.Start(remuda.Then(first, job)), "its inputs are not those of a loop")
	require.NoError(t, p.Close(bg))
}
