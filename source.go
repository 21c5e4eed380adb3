package remuda

import (
	"context"
	"io"
)

// A Source hands inputs to the workers of a pool made by [NewFrom].
//
// Next blocks until there is an input, and is called by several workers at a time.
// An error ends the pool: [io.EOF] itself says that there are no more inputs and is
// no failure; any other error, even one that wraps io.EOF, as that of a broken
// connection may, is what Pool.Err and Run then return. A source that can recover
// from an error does so before it returns. An input returned with an error does not
// run: return the last input with a nil error, and io.EOF from the next call. When
// the pool ends in one of these ways, runs under way go on to their end.
//
// The context ends when its worker has to end or another worker has reached the end
// of the source; Next should then return, with any error. If it returns an input
// nevertheless, that still runs.
//
// A Source that is an [io.Closer] is closed once the last worker has ended.
type Source[In any] interface {
	Next(ctx context.Context) (In, error)
}

// Forever returns a [Source] that never ends and hands out nothing, so that workers
// run their job non-stop. It is the source of [NewLoop].
func Forever() Source[Void] { return forever{} }

type forever struct{}

func (forever) Next(context.Context) (Void, error) { return Void{}, nil }

// FromChan returns a [Source] that receives from ch and ends when ch is closed, or
// nil if ch is nil. What is in the channel when the pool ends stays there.
func FromChan[In any](ch <-chan In) Source[In] {
	if ch == nil {
		return nil
	}
	return chanSource[In](ch)
}

type chanSource[In any] <-chan In

func (ch chanSource[In]) Next(ctx context.Context) (In, error) {
	var zero In
	if ctx.Err() != nil { // a select would toss a coin
		return zero, ctx.Err()
	}
	select {
	case in, ok := <-ch:
		if !ok {
			return zero, io.EOF
		}
		return in, nil
	case <-ctx.Done():
		return zero, ctx.Err()
	}
}
