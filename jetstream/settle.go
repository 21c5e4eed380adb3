package remudajetstream

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/remuda-go/remuda"
)

const (
	// delayBase and delayMost bound the time to the next delivery after a failure
	// if the consumer does not say what that is.
	delayBase = time.Second
	delayMost = time.Minute
)

// A settler is the outermost middleware of a pool: it tells the server what
// became of each message.
type settler struct {
	ackWait    time.Duration
	backoff    []time.Duration
	maxDeliver int // 0 or less: there is no last delivery
}

// Wrap implements [remuda.Middleware].
func (s settler) Wrap(next remuda.Handler) remuda.Handler {
	var p pulse // the worker's own
	return func(ctx context.Context) (err error) {
		msg, ok := MessageFrom(ctx)
		if !ok {
			return errors.New("remudajetstream: no message in the context of the run")
		}
		meta, err := msg.Metadata()
		if err != nil {
			return fmt.Errorf("remudajetstream: %w", err)
		}
		delivery := int(meta.NumDelivered)
		remuda.SetAttempt(ctx, delivery)

		if s.isLast(delivery) {
			ctx = withLast(ctx)
		} else if err := ctx.Err(); err != nil { // it came when Close had given up
			return s.settle(ctx, msg, delivery, err)
		}
		p.start(msg, max(s.wait(delivery)/3, time.Millisecond))
		outcome := remuda.ErrGoexit // unless next returns
		defer func() {
			p.stop()
			err = s.settle(ctx, msg, delivery, outcome)
		}()
		outcome = next(ctx)
		return outcome
	}
}

// settle tells the server the outcome of a run, and returns it. What the job
// has told it by itself stands.
func (s settler) settle(ctx context.Context, msg jetstream.Msg, delivery int, outcome error) error {
	var err error
	switch {
	case outcome == nil:
		err = msg.Ack()
	case ctx.Err() != nil:
		// Before the job's own verdict, which may be about the end of the
		// context: the next delivery will come to it again.
		err = msg.Nak()
	case isFinal(outcome):
		err = msg.Term()
	default:
		err = msg.NakWithDelay(s.delay(delivery))
	}
	if err == nil || errors.Is(err, jetstream.ErrMsgAlreadyAckd) {
		return outcome
	}
	err = fmt.Errorf("remudajetstream: settle: %w", err)
	if outcome == nil {
		return err
	}
	return errors.Join(outcome, err)
}

// isLast reports whether the server does not deliver a message again after this
// delivery.
func (s settler) isLast(delivery int) bool { return s.maxDeliver > 0 && delivery >= s.maxDeliver }

// wait returns after how long without a word the server delivers a message again.
func (s settler) wait(delivery int) time.Duration {
	if n := len(s.backoff); n > 0 {
		return s.backoff[min(delivery, n)-1]
	}
	return s.ackWait
}

// delay returns the time from a failure to the next delivery: what the consumer
// says, or else a random time from the upper half of one that doubles, so that
// messages that failed together do not come back together.
func (s settler) delay(delivery int) time.Duration {
	if len(s.backoff) > 0 {
		return s.wait(delivery)
	}
	d := delayMost
	if n := delivery - 1; n < 6 { // 64 s is above delayMost
		d = delayBase << n
	}
	return d/2 + rand.N(d/2)
}
