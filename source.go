package remuda

import (
	"context"
	"io"
	"iter"
)

// A Source hands inputs to the workers of a pool made by [NewFrom].
//
// Next blocks until there is an input, and is called by several workers at a
// time. An error ends the pool: [io.EOF] says that there are no more inputs and
// is no failure; any other error is what [Pool.Err] and Run then return. A
// source that can recover from an error does so before it returns. When the
// pool ends in one of these ways, runs under way go on to their end.
//
// The context ends when its worker is to end or another worker has come to the
// end of the source; Next should then return, with any error. An input that it
// returns all the same still runs.
//
// A Source that is an [io.Closer] is closed once the last worker has ended.
type Source[In any] interface {
	Next(ctx context.Context) (In, error)
}

// Forever is a [Source] that never ends and hands out nothing, so that workers
// run their job non-stop. It is the source of [NewLoop].
func Forever() Source[Void] { return forever{} }

type forever struct{}

func (forever) Next(context.Context) (Void, error) { return Void{}, nil }

// FromChan is a [Source] that receives from ch and ends when ch is closed. What
// is in the channel when the pool ends stays there.
func FromChan[In any](ch <-chan In) Source[In] { return chanSource[In](ch) }

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

// FromSeq is a [Source] that takes its inputs from seq, one at a time, and ends
// with it. It begins to run seq with the first input that is needed, and stops
// it when the pool has ended. A panic of seq ends the pool with a [*PanicError].
//
// The pool cannot interrupt seq: a worker that waits in it for the next input
// ends, after Less or Close, when that has come.
func FromSeq[In any](seq iter.Seq[In]) Source[In] {
	next, stop := iter.Pull(seq)
	s := &seqSource[In]{turn: make(chan struct{}, 1), next: next, stop: stop}
	s.turn <- struct{}{}
	return s
}

// seqSource lets one worker at a time pull. It waits with a channel instead of
// a mutex, so that workers that wait for their turn can be told to end.
type seqSource[In any] struct {
	turn chan struct{}
	next func() (In, bool)
	stop func()
}

func (s *seqSource[In]) Next(ctx context.Context) (In, error) {
	var zero In
	select {
	case <-s.turn:
	case <-ctx.Done():
		return zero, ctx.Err()
	}
	if ctx.Err() != nil { // both were ready
		s.turn <- struct{}{}
		return zero, ctx.Err()
	}
	// Not deferred: if seq panics, nobody may go on and find a sequence that
	// seems to have come to its end. The panic ends the pool.
	in, ok := s.next()
	s.turn <- struct{}{}
	if !ok {
		return zero, io.EOF
	}
	return in, nil
}

// Close stops the sequence.
func (s *seqSource[In]) Close() error {
	s.stop()
	return nil
}
