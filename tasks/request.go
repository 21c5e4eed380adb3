package tasks

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// answerTime bounds one request, unless its context does so earlier.
const answerTime = 5 * time.Second

func (c *Client) request(ctx context.Context, subject string, body []byte) (*nats.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	return c.nc.RequestWithContext(ctx, subject, body)
}

// api calls the server's interface and reads the answer into out.
func (c *Client) api(ctx context.Context, subject string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("remuda: %w", err)
	}
	msg, err := c.request(ctx, "$JS.API."+subject, body)
	if err != nil {
		return err
	}
	var failed struct {
		Error *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(msg.Data, &failed); err != nil {
		return fmt.Errorf("remuda: %s: %w", subject, err)
	}
	if failed.Error != nil {
		return failed.Error
	}
	return json.Unmarshal(msg.Data, out)
}

// leaderGet reads a message of a stream from its leader.
func (c *Client) leaderGet(ctx context.Context, stream string, what map[string]any) (*jetstream.RawStreamMsg, error) {
	var answer struct {
		Message struct {
			Subject  string    `json:"subject"`
			Sequence uint64    `json:"seq"`
			Header   []byte    `json:"hdrs"`
			Data     []byte    `json:"data"`
			Time     time.Time `json:"time"`
		} `json:"message"`
	}
	if err := c.api(ctx, "STREAM.MSG.GET."+stream, what, &answer); err != nil {
		return nil, err
	}
	m := answer.Message
	msg := &jetstream.RawStreamMsg{Subject: m.Subject, Sequence: m.Sequence, Data: m.Data, Time: m.Time}
	if len(m.Header) > 0 {
		header, err := nats.DecodeHeadersMsg(m.Header)
		if err != nil {
			return nil, fmt.Errorf("remuda: %w", err)
		}
		msg.Header = header
	}
	return msg, nil
}

// deleteMessage removes a message by its sequence, so that nothing that came in
// its place is lost. That it is gone already is no error.
func (c *Client) deleteMessage(ctx context.Context, stream string, seq uint64) error {
	var answer struct{}
	err := c.api(ctx, "STREAM.MSG.DELETE."+stream, map[string]any{"seq": seq, "no_erase": true}, &answer)
	if api := apiError(err); api != nil && (api.ErrorCode == codeNoSequence || api.ErrorCode == codeDeleteFailed) {
		return nil
	}
	return err
}

const (
	codeNoSequence   = 10043
	codeDeleteFailed = 10057 // the store does not have the message, or can't write
)
