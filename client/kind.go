package client

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/remuda-go/remuda/client/remudav1"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// A Kind is a kind of task as its pusher sees it: its name, and the types of its
// input and output. It is safe for concurrent use. The server refuses the zero Kind.
type Kind[In, Out any] struct{ name string }

// Define returns the kind with the given name. It sends no request.
func Define[In, Out any](name string) Kind[In, Out] { return Kind[In, Out]{name} }

// A PushOption is a choice about one task.
type PushOption func(*remudav1.PushRequest)

// Name gives the task a name of its own, so that it is one task however often it is
// pushed. The ID is the kind, a dot and the name.
func Name(name string) PushOption { return func(r *remudav1.PushRequest) { r.Name = name } }

// Unique allows one task with the key in the kind at a time. While another holds it,
// Push returns a [*DuplicateError].
func Unique(key string) PushOption { return func(r *remudav1.PushRequest) { r.Unique = key } }

// After makes the task run when d has passed.
func After(d time.Duration) PushOption {
	return func(r *remudav1.PushRequest) { r.After = durationpb.New(d) }
}

// At makes the task run at t. A time in the past means now.
func At(t time.Time) PushOption {
	return func(r *remudav1.PushRequest) { r.At = timestamppb.New(t) }
}

// Expires says that the task is of no use after t.
func Expires(t time.Time) PushOption {
	return func(r *remudav1.PushRequest) { r.Expires = timestamppb.New(t) }
}

// Push stores a task, and returns its ID. If the error is nil, the task is stored and
// will run. It returns [ErrQueueFull], a [*DuplicateError], or an
// [*OutcomeUnknownError] if the answer did not come.
func (k Kind[In, Out]) Push(ctx context.Context, c *Client, in In, opts ...PushOption) (string, error) {
	payload, err := encode(in)
	if err != nil {
		return "", err
	}
	r := &remudav1.PushRequest{Kind: k.name, Payload: payload, Name: rand.Text()}
	for _, opt := range opts {
		opt(r)
	}
	answer, err := c.service.Push(ctx, r)
	if err != nil {
		return "", pushError(r, err)
	}
	return answer.GetId(), nil
}

// Result returns the output of a task that is done. It returns [ErrNotDone] for one
// that has not ended, a [*TaskError] for one that ended without an output, and
// [ErrNotFound]. It does not wait for the task.
func (k Kind[In, Out]) Result(ctx context.Context, c *Client, id string) (Out, error) {
	return k.get(ctx, c, id, 0)
}

// waitStep is how long one question waits.
const waitStep = 30 * time.Second

// Wait waits until the task has ended and returns what Result then does. When ctx ends
// first, the error is that of ctx.
func (k Kind[In, Out]) Wait(ctx context.Context, c *Client, id string) (out Out, err error) {
	for {
		if out, err = k.get(ctx, c, id, waitStep); ctx.Err() != nil {
			return out, ctx.Err()
		}
		if !isNotDone(err) {
			return out, err
		}
	}
}

func (k Kind[In, Out]) get(ctx context.Context, c *Client, id string, wait time.Duration) (out Out, err error) {
	answer, err := c.service.Get(ctx, &remudav1.GetRequest{Id: id, Wait: durationpb.New(wait)})
	if err != nil {
		return out, typed(err)
	}
	t := answer.GetTask()
	if t.GetState() != remudav1.TaskState_TASK_STATE_DONE {
		return out, outcome(t)
	}
	err = decode(answer.GetOutput(), &out)
	return out, err
}
