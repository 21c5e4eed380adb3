package contender

import (
	"context"

	"github.com/remuda-go/remuda/bench/scenario"
)

// composed is a chain of typed functions, put together once.
type composed struct{ scenario.Identity }

func newComposed() composed { return composed{floor("composed")} }

func (composed) Layered(layers int, job func(in int) int) (call func(in int) int, stop func()) {
	type step func(ctx context.Context, in int) (int, error)
	chain := step(func(_ context.Context, in int) (int, error) { return job(in), nil })
	for range layers {
		next := chain
		chain = func(ctx context.Context, in int) (int, error) { return next(ctx, in) }
	}
	ctx := context.Background()
	call = func(in int) int {
		out, err := chain(ctx, in)
		must(err)
		return out
	}
	return call, func() {}
}
