package remudajetstream

import (
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/remuda-go/remuda"
)

// ErrInvalidConsumer is returned by [New] for a consumer whose messages cannot be
// settled one by one.
var ErrInvalidConsumer = errors.New("remudajetstream: not a pull consumer with explicit acks")

// New returns a pool whose workers take their messages from consumer and settle
// each by the outcome of its run, as the package documentation says. Run it
// with a job made by [JSON] or [Decode], or with one that takes the messages as
// they are.
//
// The middleware mws goes around each run, inside of the settling: a message
// that it runs again, refuses or holds up is settled once, by what comes out in
// the end, and not delivered again meanwhile.
//
// New returns the errors of [remuda.NewWithConfig], and [ErrInvalidConsumer] for
// a consumer that is nil, ordered, of which there is no CachedInfo, or whose ack policy is not
// [jetstream.AckExplicitPolicy]: with another policy, the ack of one message
// would settle others that are still worked on. It sends nothing; the pool first
// asks the server for a message when it is started.
//
// The consumer's handle belongs to the pool: to call its Info meanwhile, use another
// handle, since a handle is not safe for that.
func New[Out any](consumer jetstream.Consumer, cfg remuda.Config, mws ...remuda.Middleware) (*remuda.Pool[jetstream.Msg, Out], error) {
	if consumer == nil {
		return nil, fmt.Errorf("%w: it is nil", ErrInvalidConsumer)
	}
	info := consumer.CachedInfo()
	if info == nil { // as of an ordered one that was not used yet
		return nil, fmt.Errorf("%w: nothing is known of it: it is ordered, or its Info was never called", ErrInvalidConsumer)
	}
	if policy := info.Config.AckPolicy; policy != jetstream.AckExplicitPolicy {
		return nil, fmt.Errorf("%w: the ack policy of %s is %s", ErrInvalidConsumer, info.Name, policy)
	}
	settling := settler{ackWait: info.Config.AckWait, backoff: info.Config.BackOff, maxDeliver: info.Config.MaxDeliver}
	return remuda.NewFrom[jetstream.Msg, Out](newSource(consumer, info.Config), cfg,
		append([]remuda.Middleware{settling}, mws...)...)
}
