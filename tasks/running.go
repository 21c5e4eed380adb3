package tasks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// everyRun is asked for in place of a task, and every handler answers with what it
// runs. No ID has this token.
const everyRun = "%%"

// runsShown is how many IDs are in one answer, so that it is never larger than a
// message may be.
const runsShown = 1000

// answerRuns says which tasks this handler runs.
func (h *Handler) answerRuns(msg *nats.Msg) {
	h.mu.Lock()
	ids := make([]ID, 0, len(h.active))
	for id := range h.active {
		ids = append(ids, id)
	}
	h.mu.Unlock()
	for part := range slices.Chunk(ids, runsShown) {
		if body, err := json.Marshal(part); err == nil {
			_ = msg.Respond(body) // whoever asked does without
		}
	}
}

// queuesOf returns the queues of the kinds in which f may select a task that runs or
// waits for a run.
func (c *Client) queuesOf(ctx context.Context, f Filter) ([]string, error) {
	switch {
	case !f.wants(Running) && !f.wants(Waiting) && !f.wants(Retrying):
		return nil, nil
	case f.Kind != "":
		return []string{queueStream(f.Kind)}, nil
	}
	return c.queueStreams(ctx)
}

// runningAmong returns the tasks that run, of the kinds of these queues. It asks the
// workers of each kind that has taken tasks, and gives them a tenth of a second to answer.
func (c *Client) runningAmong(ctx context.Context, queues []string) (map[ID]bool, error) {
	running := make(map[ID]bool)
	if len(queues) == 0 {
		return running, nil
	}
	answers, err := c.nc.SubscribeSync(c.nc.NewInbox())
	if err != nil {
		return nil, fmt.Errorf("remuda: list: %w", err)
	}
	defer func() { _ = answers.Unsubscribe() }()
	taken := 0
	for _, stream := range queues {
		n, err := c.askForRuns(ctx, stream, answers.Subject)
		if err != nil {
			return nil, err
		}
		taken += n
	}
	return running, c.receiveRuns(ctx, answers, taken, running)
}

// askForRuns asks the workers of the kind of a queue, and returns how many tasks they
// have taken.
func (c *Client) askForRuns(ctx context.Context, stream, reply string) (int, error) {
	info, err := c.consumerInfo(ctx, stream, workConsumer)
	api := apiError(err)
	switch {
	case errors.Is(err, jetstream.ErrConsumerNotFound), api != nil && api.ErrorCode == jetstream.JSErrCodeStreamNotFound:
		return 0, nil // being made, or gone
	case err != nil:
		return 0, fmt.Errorf("remuda: list: %w", err)
	case info.NumAckPending == 0:
		return 0, nil
	}
	if err := c.nc.PublishRequest(askSubjects+stream[len(queuePrefix):]+"."+everyRun, reply, nil); err != nil {
		return 0, fmt.Errorf("remuda: list: %w", err)
	}
	return info.NumAckPending, nil
}

// receiveRuns receives answers until all that was taken is known to run, or the time is
// over: what a dead worker has taken nobody tells of.
func (c *Client) receiveRuns(ctx context.Context, answers *nats.Subscription, taken int, running map[ID]bool) error {
	asking, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	for len(running) < taken {
		msg, err := answers.NextMsgWithContext(asking)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case asking.Err() != nil:
			return nil
		case errors.Is(err, nats.ErrNoResponders): // nobody handles one of the kinds
			continue
		case err != nil:
			return fmt.Errorf("remuda: list: %w", err)
		}
		var ids []ID
		if err := json.Unmarshal(msg.Data, &ids); err != nil {
			return fmt.Errorf("remuda: list: %w", err)
		}
		for _, id := range ids {
			running[id] = true
		}
	}
	return nil
}
