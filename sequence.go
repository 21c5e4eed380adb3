package remuda

import (
	"context"
	"io"
	"iter"
	"runtime"
	"sync"
)

// FromSeq returns a [Source] that takes its inputs from seq, one at a time, and
// ends with it, or nil if seq is nil.
//
// The sequence runs on a goroutine of its own, so it may be used no matter which
// thread its user is locked to. That begins with the first input that is needed,
// goes on while a worker waits for the next, and has ended when the pool has. An
// input costs two switches between goroutines, some half a microsecond. A panic of
// seq ends the pool with a [*PanicError], and [runtime.Goexit] with [ErrGoexit].
//
// The pool cannot interrupt seq: a worker that waits in it for the next input ends,
// after Less or Close, once that input has arrived.
//
// Once its pool has ended the source is at its end, for any other pool too.
func FromSeq[In any](seq iter.Seq[In]) Source[In] {
	if seq == nil {
		return nil
	}
	return &seqSource[In]{seq: seq}
}

// A seqSource hands what its goroutine yields to one worker at a time. It waits
// with a channel instead of a mutex, so that workers that wait for their turn can
// be told to end.
//
// It is not made of [iter.Pull], whose coroutine must be driven by goroutines that
// are locked to the same thread as the one that made it, or to none: otherwise
// the program ends. Nobody can see to that where jobs may lock their thread.
type seqSource[In any] struct {
	seq iter.Seq[In]

	made  sync.Once       // the channels: on first use, so that they belong to the synctest bubble of their user
	turn  chan struct{}   // holds one value, which is the right to use what follows
	asked chan struct{}   // the goroutine is to go on; closed: it is to end
	given chan pulled[In] // what it answers, once for each that was asked, and once at its end
	begun bool            // the goroutine has been started
	ended error           // not nil: the goroutine has ended, or is never to be started
}

// pulled is an input, or the end: io.EOF, a *PanicError or ErrGoexit.
type pulled[In any] struct {
	in  In
	end error
}

func (s *seqSource[In]) Next(ctx context.Context) (In, error) {
	var zero In
	s.init()
	select {
	case <-s.turn:
	case <-ctx.Done():
		return zero, ctx.Err()
	}
	if ctx.Err() != nil { // both were ready
		s.turn <- struct{}{}
		return zero, ctx.Err()
	}
	in, end := s.pull()
	s.turn <- struct{}{}
	switch end {
	case nil, io.EOF:
		return in, end
	case ErrGoexit:
		runtime.Goexit()
	}
	panic(end) // not returned: a worker that is to end would take it for the answer to that
}

// pull asks for the next input. It needs the turn.
func (s *seqSource[In]) pull() (in In, end error) {
	if s.ended != nil {
		return in, s.ended
	}
	if !s.begun {
		s.begun = true
		go s.run()
	} else {
		s.asked <- struct{}{}
	}
	next := <-s.given
	s.ended = next.end
	return next.in, next.end
}

// Close ends the sequence, and waits until it has returned. It returns how it has
// failed to, if it has.
func (s *seqSource[In]) Close() error {
	s.init()
	<-s.turn
	defer func() { s.turn <- struct{}{} }()
	if s.ended != nil {
		return nil // and whoever got that knows
	}
	s.ended = io.EOF
	if !s.begun {
		return nil
	}
	close(s.asked)
	if last := <-s.given; last.end != io.EOF {
		return last.end
	}
	return nil
}

func (s *seqSource[In]) init() {
	s.made.Do(func() {
		s.turn, s.asked, s.given = make(chan struct{}, 1), make(chan struct{}), make(chan pulled[In], 1)
		s.turn <- struct{}{}
	})
}

// run is the goroutine of the sequence.
func (s *seqSource[In]) run() {
	last := pulled[In]{end: ErrGoexit} // unless iterate returns
	defer func() { s.given <- last }()
	last.end = s.iterate()
}

// iterate runs the sequence, and returns how it has ended.
func (s *seqSource[In]) iterate() (end error) {
	returned := false
	defer func() {
		if !returned { // after Goexit nobody gets to see this
			end = newPanicError(recover())
		}
	}()
	for in := range s.seq {
		s.given <- pulled[In]{in: in}
		if _, more := <-s.asked; !more {
			break
		}
	}
	returned = true
	return io.EOF
}
