package remuda

import (
	"context"
	"errors"
)

// ErrLoopJob is returned by Start for the job of [Loop] in a pool that is fed by its
// queue, where it would wait for inputs.
var ErrLoopJob = errors.New("remuda: a job of Loop needs a pool made by NewLoop")

// A loopJob is what [Loop] returns.
type loopJob func(ctx context.Context) error

func (f loopJob) Do(ctx context.Context, _ Void) (Void, error) { return Void{}, f(ctx) }

// Loop makes a [Job] of a function that has neither input nor output: the job
// of a pool made by [NewLoop], whose workers run it non-stop. With any other
// [Source] of Void inputs it runs once for each. A pool that is fed by its queue
// refuses it with [ErrLoopJob], behind [Wrap], [Tap] and the like too: there it would
// wait for inputs. A job for such a pool is [Call], or a [Func] of a [Void].
func Loop(f func(ctx context.Context) error) Job[Void, Void] { return loopJob(f) }

// loops reports whether job is one of Loop, or made of one that takes its input.
func loops(job any) bool {
	switch j := job.(type) {
	case loopJob:
		return true
	case interface{ outer() any }:
		return loops(j.outer())
	default:
		return false
	}
}
