package tasks

import (
	"context"
	"fmt"
	"time"
)

// A Kind is a kind of task: its name, the types of its input and its output, and
// how its tasks are treated. It is a value that the program which pushes and the
// one which works share, so that both ends are typed. It is safe for concurrent
// use. The zero Kind has no name, and every use of it returns [ErrInvalidName].
type Kind[In, Out any] struct {
	name string
	set  *settings
}

// Define returns the kind with the given name, which may have letters, digits, -
// and _. It touches no server; a bad name or a bad option is an error of the
// first use.
func Define[In, Out any](name string, opts ...KindOption) Kind[In, Out] {
	s := defaults()
	for _, opt := range opts {
		opt(s)
	}
	return Kind[In, Out]{name: name, set: s}
}

// Name returns the name.
func (k Kind[In, Out]) Name() string { return k.name }

// Raw returns the kind without its types, for programs that know only its name and
// settings: inputs and outputs are bytes, as the kind's codec writes and reads them.
func (k Kind[In, Out]) Raw() Kind[[]byte, []byte] {
	if k.set == nil {
		return Kind[[]byte, []byte]{}
	}
	s := *k.set
	s.codec = Raw
	return Kind[[]byte, []byte]{name: k.name, set: &s}
}

// Keep returns for how long an ID is remembered whose task has ended.
func (k Kind[In, Out]) Keep() time.Duration {
	if k.set == nil {
		return 0
	}
	return k.set.keep
}

func (k Kind[In, Out]) check() error {
	if err := checkKind(k.name); err != nil {
		return err
	}
	if k.set.err != nil {
		return fmt.Errorf("%w (kind %s)", k.set.err, k.name)
	}
	return nil
}

// own checks that id is one of this kind.
func (k Kind[In, Out]) own(id ID) error {
	if err := k.check(); err != nil {
		return err
	}
	if id.Kind() != k.name {
		return fmt.Errorf("%w: task %s is not of the kind %s", ErrInvalidName, id, k.name)
	}
	return id.check()
}

func (k Kind[In, Out]) queue(ctx context.Context, c *Client) (*queue, error) {
	if err := k.check(); err != nil {
		return nil, err
	}
	return c.queueFor(ctx, k.name, k.set)
}

// settings are what KindOptions choose.
type settings struct {
	attempts   int
	backoff    func(attempt int) time.Duration
	timeout    time.Duration
	lease      time.Duration
	keep       time.Duration
	maxQueued  int64
	maxRunning int
	codec      Encoding

	// asked says what was chosen and is therefore compared with what exists.
	asked struct{ maxQueued, maxRunning, lease bool }
	err   error
}

func defaults() *settings {
	return &settings{
		attempts: 20, backoff: defaultBackoff, lease: 30 * time.Second,
		keep: time.Hour, maxQueued: 1_000_000, codec: JSON,
	}
}

// window is how long the queue remembers Msg-Ids: no longer than the record of an
// ID lives (rule 4).
func (s *settings) window() time.Duration { return min(window, s.keep) }
