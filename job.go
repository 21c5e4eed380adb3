package remuda

import "context"

// A Job turns an input into an output. It is the work that a [Pool] runs.
//
// A job given to [Pool.Start] is shared by all workers and must be safe for
// concurrent use. A job made by a [JobBuilder] belongs to one worker, which
// runs one input at a time.
//
// The context carries the values and the deadline of the run's owner (see the
// package documentation) and is meant for the run alone: it may end as soon as Do
// has returned. A job that wants to start something which outlives it passes on
// [context.WithoutCancel] of it.
type Job[In, Out any] interface {
	Do(ctx context.Context, in In) (Out, error)
}

// JobFunc is a function that is a [Job].
type JobFunc[In, Out any] func(ctx context.Context, in In) (Out, error)

// Do calls f.
func (f JobFunc[In, Out]) Do(ctx context.Context, in In) (Out, error) {
	return f(ctx, in)
}

// Func makes f a [Job]. It is the conversion to [JobFunc] with its type
// arguments inferred: write pool.Start(remuda.Func(charge)).
func Func[In, Out any](f func(context.Context, In) (Out, error)) JobFunc[In, Out] {
	return f
}

// Void is the input or output of a job that has none.
type Void = struct{}
