package tasks

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// tailWindow is how many sequences of a stream tail looks at first, and tailGrowth
	// by how much more each next time. What was found there may be a small part of it.
	tailWindow = 512
	tailGrowth = 4

	allOfIt = uint64(math.MaxUint64) // the last sequence that a stream may have
)

// tail returns the last n that read finds in a stream, in their order. It goes from the
// end of the stream to its beginning, and looks at no message twice. With an error it
// returns the last of what it has seen.
func tail[T any](ctx context.Context, c *Client, stream string, n int, read func(from, to uint64) ([]T, error)) ([]T, error) {
	info, err := c.streamInfo(ctx, stream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("remuda: read %s: %w", stream, err)
	}
	var all []T
	first, last := max(1, info.State.FirstSeq), info.State.LastSeq
	for window := uint64(tailWindow); last >= first && len(all) < n; window *= tailGrowth {
		from := max(first, last-min(last, window)+1)
		var part []T
		if part, err = read(from, last); err != nil {
			break
		}
		all = append(part, all...)
		last = from - 1
	}
	return all[max(0, len(all)-n):], err
}

// upTo is f for messages up to a sequence. The first behind that ends the scan.
func upTo(to uint64, f func(found) (bool, error)) func(found) (bool, error) {
	return func(m found) (bool, error) {
		if m.seq > to {
			return false, nil
		}
		return f(m)
	}
}
