package tasks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// Info is what is known of a task.
type Info struct {
	ID       ID
	State    State
	Attempts int       // used up; of a running task, without the current one
	Pushed   time.Time // by the server's clock, as all of these
	Due      time.Time // when it will run; zero unless it is scheduled or retrying
	Updated  time.Time // when its state was last written; zero for one that has yet to end a run
	Expires  time.Time
	Key      string // of Unique
	Reason   string // why it failed, the last time
	Stack    string // of a job that panicked

	Progress float64 // of a running task, if its job tells
	Note     string
}

// Changed is when the state of the task was last written or, if it was not yet, when the
// task was pushed.
func (i Info) Changed() time.Time {
	if i.Updated.IsZero() {
		return i.Pushed
	}
	return i.Updated
}

// Info returns what is known of a task, or ErrNotFound. It asks the workers whether
// they run it, and gives them a tenth of a second to answer.
func (c *Client) Info(ctx context.Context, id ID) (Info, error) {
	t, err := c.known(ctx, id)
	if err != nil {
		return Info{}, err
	}
	info := infoOf(t)
	if info.State.Final() || info.State == Scheduled {
		return info, nil
	}
	at, err := c.ask(ctx, id)
	if err != nil || at == nil {
		return info, err
	}
	info.runs()
	info.Progress, info.Note = at.Fraction, at.Note
	return info, nil
}

// runs says that the task runs: until then, its record or carrier says that it waits.
func (i *Info) runs() { i.State, i.Due = Running, time.Time{} }

func infoOf(t *sight) Info {
	info := Info{
		ID: t.id, State: t.state, Attempts: t.rec.Attempts, Pushed: t.pushed, Due: t.due, Updated: t.rec.stamp,
		Expires: t.expires, Key: t.key, Reason: t.rec.Reason, Stack: t.rec.Stack,
	}
	if info.State.Final() {
		info.Due = time.Time{}
	}
	return info
}

// askTime is how long the workers have to say that they run a task.
const askTime = 100 * time.Millisecond

// ask finds the worker that runs a task. It returns nil if none says so.
func (c *Client) ask(ctx context.Context, id ID) (*progress, error) {
	asking, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	msg, err := c.nc.RequestWithContext(asking, askSubjects+id.token(), nil)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, nats.ErrNoResponders), asking.Err() != nil:
		return nil, nil //nolint:nilnil // nobody says so, which is no error
	case err != nil:
		return nil, fmt.Errorf("remuda: info of task %s: %w", id, err)
	}
	var p progress
	if err := json.Unmarshal(msg.Data, &p); err != nil {
		return nil, fmt.Errorf("remuda: info of task %s: %w", id, err)
	}
	return &p, nil
}

// answer says that this handler runs the task, if it does.
func (h *Handler) answer(msg *nats.Msg) {
	switch {
	case strings.HasSuffix(msg.Subject, "."+anybody):
		_ = msg.Respond(nil)
		return
	case strings.HasSuffix(msg.Subject, "."+everyRun):
		h.answerRuns(msg)
		return
	}
	id, _, _ := parseSubject(msg.Subject, askSubjects)
	h.mu.Lock()
	a := h.active[id]
	h.mu.Unlock()
	if a == nil {
		return
	}
	p := a.run.share.progress.Load()
	if p == nil {
		p = &progress{Attempt: a.run.Attempt}
	}
	if body, err := json.Marshal(p); err == nil {
		_ = msg.Respond(body) // whoever asked does without
	}
}
