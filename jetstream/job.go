package remudajetstream

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/remuda-go/remuda"
)

// JSON turns job into one whose input is the JSON in a message. It is [Decode] with
// [json.Unmarshal].
func JSON[In, Out any](job remuda.Job[In, Out]) remuda.Job[jetstream.Msg, Out] {
	return Decode(func(data []byte) (in In, err error) {
		err = json.Unmarshal(data, &in)
		return in, err
	}, job)
}

// Decode turns job into one whose input is what decode makes of a message's data. A
// message that decode returns an error for does not reach job: the run fails with
// [remuda.ErrInvalidInput] wrapped together with that error, and the message is not
// delivered again.
//
// The data is the message's own and stays as it is, so that decode need not copy
// what it keeps of it. Decode must be safe for concurrent use. The result is
// safe for concurrent use if job is, and closes job if that is an io.Closer, as
// a pool does with built jobs.
func Decode[In, Out any](decode func(data []byte) (In, error), job remuda.Job[In, Out]) remuda.Job[jetstream.Msg, Out] {
	return remuda.Then(remuda.Func(func(_ context.Context, msg jetstream.Msg) (In, error) {
		in, err := decode(msg.Data())
		if err != nil {
			return in, fmt.Errorf("%w: decode: %w", remuda.ErrInvalidInput, err)
		}
		return in, nil
	}), job)
}

// MessageFrom returns the message of the run that ctx belongs to, for its
// subject, headers and metadata, or to settle it by other means than the run's
// outcome. It returns false if ctx does not come from a pool made by [New].
func MessageFrom(ctx context.Context) (jetstream.Msg, bool) {
	info, ok := remuda.InfoFrom(ctx)
	if !ok {
		return nil, false
	}
	msg, ok := info.Input().(jetstream.Msg)
	return msg, ok
}
