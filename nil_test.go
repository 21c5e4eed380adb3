package remuda_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// nothing stands for each way to make a job of nothing, and what Start says to it.
func jobsOfNothing() map[string]struct {
	job  remuda.Job[int, int]
	want string
} {
	type J = remuda.Job[int, int]
	see := func(context.Context, int, int, error) {}
	back := func(_ context.Context, _ int, err error) (int, error) { return 0, err }
	valid := func(int) error { return nil }
	pass := remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler { return next })
	job := remuda.Func(double)
	return map[string]struct {
		job  J
		want string
	}{
		"Then, first":             {remuda.Then[int, int, int](nil, job), "remuda: Then: first is nil"},
		"Then, second":            {remuda.Then[int, int, int](job, nil), "remuda: Then: second is nil"},
		"Then, a nil function":    {remuda.Then(job, remuda.Func[int, int](nil)), "remuda: Then: second is nil"},
		"Tap, job":                {remuda.Tap(nil, see), "remuda: Tap: job is nil"},
		"Tap, see":                {remuda.Tap(job, nil), "remuda: Tap: see is nil"},
		"Fallback, job":           {remuda.Fallback(nil, back), "remuda: Fallback: job is nil"},
		"Fallback, fallback":      {remuda.Fallback(job, nil), "remuda: Fallback: fallback is nil"},
		"Validate, job":           {remuda.Validate[int, int](nil, valid), "remuda: Validate: job is nil"},
		"Validate, check":         {remuda.Validate(job, nil), "remuda: Validate: check is nil"},
		"Wrap, job":               {remuda.Wrap[int, int](nil, pass), "remuda: Wrap: job is nil"},
		"Wrap, no middleware":     {remuda.Wrap[int, int](nil), "remuda: Wrap: job is nil"},
		"Wrap, middleware":        {remuda.Wrap(job, pass, nil), "remuda: Wrap: middleware 2 is nil"},
		"Wrap, a nil function":    {remuda.Wrap(job, remuda.MiddlewareFunc(nil)), "remuda: Wrap: middleware 1 is nil"},
		"what is inside says why": {remuda.Wrap(remuda.Then(job, remuda.Tap(job, nil)), pass), "remuda: Tap: see is nil"},
	}
}

// A wrapper around nothing is found when the pool starts, and not by each run.
func TestWrappersOfNothing(t *testing.T) {
	for name, tt := range jobsOfNothing() {
		t.Run(name, func(t *testing.T) {
			err := remuda.New[int, int]().Start(tt.job)
			require.ErrorIs(t, err, remuda.ErrNilJob)
			require.EqualError(t, err, tt.want)

			_, err = tt.job.Do(bg, 1)
			require.EqualError(t, err, tt.want, "without a pool, a run tells")

			p := remuda.New[int, int]()
			require.NoError(t, p.StartWithBuilder(remuda.JobBuilderFunc[int, int](func() remuda.Job[int, int] { return tt.job })))
			defer p.Close(bg)
			_, err = p.Do(bg, 1)
			require.EqualError(t, err, tt.want)
		})
	}
}

// The pool refuses what is nil where it gets it, also behind a type of this
// package's, and says which it is and whose.
func TestPoolOfNothing(t *testing.T) {
	pass := remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler { return next })
	build := remuda.JobBuilderFunc[int, int](func() remuda.Job[int, int] { return remuda.Func[int, int](nil) })
	named := func(mws ...remuda.Middleware) *remuda.Pool[int, int] {
		return remuda.Must(remuda.NewWithConfig[int, int](remuda.Config{Name: "orders"}, mws...))
	}
	check := func(err error, want string) {
		t.Helper()
		require.ErrorIs(t, err, remuda.ErrNilJob)
		require.EqualError(t, err, want)
	}
	check(named().Start(nil), "remuda: orders: job is nil")
	check(named().Start(remuda.Func[int, int](nil)), "remuda: orders: job is nil")
	check(named().StartWithBuilder(nil), "remuda: orders: builder is nil")
	check(named().StartWithBuilder(remuda.JobBuilderFunc[int, int](nil)), "remuda: orders: builder is nil")
	check(named(pass, nil).Start(remuda.Func(double)), "remuda: orders: middleware 2 is nil")
	check(named(remuda.MiddlewareFunc(nil)).Start(remuda.Func(double)), "remuda: orders: middleware 1 is nil")
	check(remuda.New[int, int](nil).Start(remuda.Func(double)), "remuda: middleware 1 is nil")
	_, err := remuda.NewFrom[int, int](nil, remuda.Config{Name: "orders"})
	check(err, "remuda: orders: source is nil")

	p := named()
	require.NoError(t, p.StartWithBuilder(build))
	defer p.Close(bg)
	for range 2 {
		_, err = p.Do(bg, 1)
		check(err, "remuda: orders: job of the builder is nil")
	}
}

// A function of any shape that is nil is nil as a job, too.
func TestJobsOfNilFunctions(t *testing.T) {
	require.Nil(t, remuda.Func[int, int](nil))
	require.Nil(t, remuda.NoError[int, int](nil))
	require.Nil(t, remuda.NoInput[int](nil))
	require.Nil(t, remuda.NoOutput[int](nil))
	require.Nil(t, remuda.NoContext[int, int](nil))
	require.Nil(t, remuda.Loop(nil))
	require.ErrorIs(t, remuda.New[int, int]().Start(remuda.NoError[int, int](nil)), remuda.ErrNilJob)
	require.ErrorIs(t, remuda.Must(remuda.NewLoop(remuda.Config{})).Start(remuda.Loop(nil)), remuda.ErrNilJob)
}
