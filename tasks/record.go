package tasks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	headerPrefix = "Remuda-"
	headerRecord = headerPrefix + "Record" // the record itself, as JSON
)

// A record is what is known of a task from its first transition on (rule 1). It
// is one message; what stands here is in a header, and the body is the payload
// of a task that has not ended well, or the output.
type record struct {
	State    State  `json:"state"`
	Tag      uint64 `json:"tag,omitempty"`      // of the carrier that counts (rule 2)
	Attempts int    `json:"attempts,omitempty"` // used up

	Marks      int    `json:"marks,omitempty"`      // runs begun after an interruption (rule 11)
	Carrier    uint64 `json:"carrier,omitempty"`    // the message that Deliveries is about
	Deliveries uint64 `json:"deliveries,omitempty"` // of it that this record covers
	GivenBack  int    `json:"given_back,omitempty"`

	Pushed  time.Time     `json:"pushed,omitzero"`
	Due     time.Time     `json:"due,omitzero"` // not to be run before
	Expires time.Time     `json:"expires,omitzero"`
	Key     string        `json:"key,omitempty"`  // of Unique
	Keep    time.Duration `json:"keep,omitempty"` // how long the record outlives the task

	Reason string `json:"reason,omitempty"`
	Stack  string `json:"stack,omitempty"`
	Write  uint64 `json:"write"` // random: which write this is

	seq    uint64    // 0: there is no record
	stamp  time.Time // of the write
	header nats.Header
	body   []byte
}

const (
	longestReason = 4 << 10
	longestStack  = 16 << 10
)

// cut returns the first n bytes of s, without half a character at the end.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

func (r *record) message(subject string) (*nats.Msg, error) {
	r.Reason, r.Stack = cut(r.Reason, longestReason), cut(r.Stack, longestStack)
	meta, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("remuda: record: %w", err)
	}
	msg := nats.NewMsg(subject)
	copyHeader(msg.Header, r.header)
	msg.Header.Set(headerRecord, string(meta))
	msg.Data = r.body
	return msg, nil
}

// parseRecord reads what message made. The headers come from a stored message or
// from one that the server republished.
func parseRecord(header nats.Header) (*record, error) {
	r := &record{}
	if err := json.Unmarshal([]byte(header.Get(headerRecord)), r); err != nil {
		return nil, fmt.Errorf("%w: %w", errForeign, err)
	}
	r.header = userHeader(header)
	return r, nil
}

// userHeader is what belongs to the task and not to us or the server.
func userHeader(from nats.Header) nats.Header {
	h := nats.Header{}
	copyHeader(h, from)
	return h
}

func copyHeader(to, from nats.Header) {
	for name, values := range from {
		if !reserved(name) {
			to[name] = values
		}
	}
}

// reserved: the header has a meaning to the protocol, so that it is not the
// user's.
func reserved(name string) bool {
	return strings.HasPrefix(name, headerPrefix) || strings.HasPrefix(name, "Nats-") ||
		name == "Status" || name == "Description"
}

// readRecord returns the newest record of the task; one with seq 0 if there is
// none.
func (c *Client) readRecord(ctx context.Context, id ID) (*record, error) {
	msg, err := c.readLast(ctx, recordSubject(id))
	if err != nil || msg == nil {
		return &record{}, err
	}
	r, err := parseRecord(msg.Header)
	if err != nil {
		return nil, fmt.Errorf("%w (task %s)", err, id)
	}
	r.seq, r.stamp, r.body = msg.Sequence, msg.Time, msg.Data
	return r, nil
}

// awaitRecord is readRecord for a worker that has the task in hand, and whose lease is
// renewed. While the server does not answer, it tries again until ctx ends, and once if
// ctx has ended: to hand the carrier back unrun would look like an interruption.
func (c *Client) awaitRecord(ctx context.Context, id ID) (*record, error) {
	for try := 0; ; try++ {
		r, err := c.readRecord(context.WithoutCancel(ctx), id)
		if err == nil || errors.Is(err, errForeign) || !isPassingTrouble(err) || c.nc.IsClosed() {
			return r, err
		}
		if pause(ctx, try) != nil {
			return r, err
		}
	}
}

// writeRecord writes r in the place of the record with the sequence r.seq, or of
// none if that is 0: compare and swap (rule 1). It returns errStale if another
// write came first, and goes on until ctx ends if the server does not answer. What
// was written is on disk when it returns.
func (c *Client) writeRecord(ctx context.Context, id ID, r *record) error {
	if err := c.storeRecord(ctx, id, r); err != nil {
		return err
	}
	c.fault("written", id)
	if err := c.sync(ctx, stateStream); err != nil {
		return fmt.Errorf("remuda: record of task %s: %w", id, err)
	}
	return nil
}

func (c *Client) storeRecord(ctx context.Context, id ID, r *record) error {
	r.Write = rand.Uint64()
	msg, err := r.message(recordSubject(id))
	if err != nil {
		return err
	}
	for try := 0; ; try++ {
		ack, err := c.js.PublishMsg(ctx, msg, jetstream.WithExpectLastSequencePerSubject(r.seq))
		switch {
		case err == nil:
			r.seq = ack.Sequence
			return nil
		case isStale(err):
			return c.whose(ctx, id, r, try)
		case errors.Is(err, nats.ErrMaxPayload):
			return fmt.Errorf("%w: record of task %s: %w", ErrTooLarge, id, err)
		case !isPassingTrouble(err):
			return fmt.Errorf("remuda: record of task %s: %w", id, err)
		}
		if waitErr := pause(ctx, try); waitErr != nil || c.nc.IsClosed() {
			return fmt.Errorf("remuda: record of task %s: %w", id, err)
		}
	}
}

// whose finds out whether the write that another one came before was our own,
// whose answer was lost.
func (c *Client) whose(ctx context.Context, id ID, r *record, try int) error {
	if try == 0 {
		return errStale
	}
	now, err := c.readRecord(ctx, id)
	if err != nil {
		return err
	}
	if now.Write != r.Write {
		return errStale
	}
	r.seq = now.seq
	return nil
}

// pause waits a little longer with each try, 2 seconds at most.
func pause(ctx context.Context, try int) error {
	return sleep(ctx, min(50*time.Millisecond<<min(try, 10), 2*time.Second))
}

// sleep waits for d, and no longer than ctx lasts.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// readLast returns the last message of a subject of the state, nil if there is none. In a
// cluster the leader is asked, since a direct get may be answered by a replica
// that lags (rule 10).
func (c *Client) readLast(ctx context.Context, subject string) (*jetstream.RawStreamMsg, error) {
	for try := 0; ; try++ {
		msg, err := c.getLast(ctx, stateStream, subject)
		switch {
		case err == nil:
			return msg, nil
		case errors.Is(err, jetstream.ErrMsgNotFound):
			return nil, nil //nolint:nilnil // there is none, which is no error
		case apiError(err) != nil || ctx.Err() != nil || c.nc.IsClosed() || try == 4:
			return nil, fmt.Errorf("remuda: read %s: %w", subject, err)
		}
		if err := pause(ctx, try); err != nil {
			return nil, fmt.Errorf("remuda: read %s: %w", subject, err)
		}
	}
}

func (c *Client) getLast(ctx context.Context, stream, subject string) (*jetstream.RawStreamMsg, error) {
	if !c.clustered {
		return c.directGet(ctx, stream, subject)
	}
	return c.leaderGet(ctx, stream, map[string]any{"last_by_subj": subject})
}

// directGet asks whoever has the stream, by subject. It is a third of the work of
// asking the leader.
func (c *Client) directGet(ctx context.Context, stream, subject string) (*jetstream.RawStreamMsg, error) {
	msg, err := c.request(ctx, "$JS.API.DIRECT.GET."+stream+"."+subject, nil)
	if err != nil {
		return nil, err
	}
	switch msg.Header.Get("Status") { // which no stored message has, see reserved
	case "":
	case "404":
		return nil, jetstream.ErrMsgNotFound
	default:
		return nil, fmt.Errorf("remuda: direct get: %s %s", msg.Header.Get("Status"), msg.Header.Get("Description"))
	}
	seq, err := strconv.ParseUint(msg.Header.Get(jetstream.SequenceHeader), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("remuda: direct get: %w", err)
	}
	stamp, err := time.Parse(time.RFC3339Nano, msg.Header.Get(jetstream.TimeStampHeaer))
	if err != nil {
		return nil, fmt.Errorf("remuda: direct get: %w", err)
	}
	return &jetstream.RawStreamMsg{
		Subject: subject, Sequence: seq, Time: stamp, Header: msg.Header, Data: msg.Data,
	}, nil
}
