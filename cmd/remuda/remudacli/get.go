package remudacli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/remuda-go/remuda/cmd/remuda/internal/api"
	"github.com/remuda-go/remuda/cmd/remuda/internal/remote"
	"github.com/remuda-go/remuda/tasks"
	"github.com/urfave/cli/v3"
)

func (a *app) get() *cli.Command {
	return &cli.Command{
		Name: "get", Usage: "print the result of a task; with --json, all that is known of it", ArgsUsage: "ID",
		Action: func(ctx context.Context, cmd *cli.Command) error {
			all, err := args(cmd, 1, 1)
			if err != nil {
				return err
			}
			return a.with(ctx, cmd, func(c *remote.Client) error {
				t, err := c.Task(ctx, tasks.ID(all[0]), 0)
				if err != nil {
					return err
				}
				return a.result(ctx, cmd, c, t)
			})
		},
	}
}

func (a *app) wait() *cli.Command {
	return &cli.Command{
		Name: "wait", Usage: "wait for the end of a task, and print its result", ArgsUsage: "ID",
		Flags: []cli.Flag{&cli.DurationFlag{Name: "timeout", Usage: "wait no longer than the `DURATION`"}},
		Action: func(ctx context.Context, cmd *cli.Command) error {
			all, err := args(cmd, 1, 1)
			if err != nil {
				return err
			}
			return a.waitFor(ctx, cmd, tasks.ID(all[0]), cmd.Duration("timeout"))
		},
	}
}

const (
	waitStep   = 30 * time.Second       // how long one question waits
	liveStep   = time.Second            // and where somebody looks on
	alonePause = 500 * time.Millisecond // how long the store is left to a process that wants to serve
)

// errAgain: the task has not ended, and it is worth asking again.
var errAgain = errors.New("the task has not ended")

// waitFor asks until the task has ended; timeout 0 is none. As long as no process
// serves, it opens the store for each question, and does not keep it from one that
// wants to.
func (a *app) waitFor(ctx context.Context, cmd *cli.Command, id tasks.ID, timeout time.Duration) error {
	until := time.Now().Add(timeout)
	over := func() bool { return timeout > 0 && !time.Now().Before(until) }
	seen, begun := a.progress(), time.Now()
	defer seen.clear()
	for {
		err := a.with(ctx, cmd, func(c *remote.Client) error {
			for {
				step := waitStep
				if seen.live() {
					step = liveStep
				}
				if timeout > 0 {
					step = min(step, max(time.Until(until), time.Millisecond))
				}
				if c.Alone {
					step = time.Millisecond
				}
				t, err := c.Task(ctx, id, step)
				switch {
				case err != nil:
					return err
				case t.State.Final(), over():
					seen.clear()
					return a.result(ctx, cmd, c, t)
				}
				seen.sayf("%s", standOf(t, c.Alone, time.Since(begun)))
				if c.Alone {
					return errAgain
				}
			}
		})
		if !errors.Is(err, errAgain) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(alonePause):
		}
	}
}

// standOf says how far a task is that somebody waits for.
func standOf(t api.Task, nobodyServes bool, waited time.Duration) string {
	text := fmt.Sprintf("%s is %s", t.ID, t.State)
	switch {
	case nobodyServes:
		text += ", and no process serves"
	case t.State == tasks.Running && t.Progress > 0:
		text += fmt.Sprintf(", %.0f %%", 100*t.Progress)
	case t.Attempts > 0:
		text += ", after " + count(t.Attempts, "attempt", "attempts")
	}
	if t.Note != "" {
		text += ": " + t.Note
	}
	if since := span(waited.Round(time.Second)); since != "" {
		text += " (" + since + ")"
	}
	return text
}

// result prints the output of a task, or says why there is none.
func (a *app) result(ctx context.Context, cmd *cli.Command, c *remote.Client, t api.Task) error {
	if cmd.Bool("json") {
		if err := a.json(t); err != nil {
			return err
		}
	}
	switch {
	case t.State == tasks.Done && cmd.Bool("json"):
		return nil
	case t.State == tasks.Done:
		out, err := c.Output(ctx, t.ID)
		if err != nil {
			return err
		}
		return a.output(out)
	case t.State.Final():
		err := fmt.Errorf("%s is %s after %s", t.ID, t.State, count(t.Attempts, "attempt", "attempts"))
		if t.Reason != "" {
			err = fmt.Errorf("%w: %s", err, t.Reason)
		}
		return exitError{err, ExitEnded}
	}
	err := fmt.Errorf("%s is %s", t.ID, t.State)
	if t.Reason != "" {
		err = fmt.Errorf("%w; the last attempt failed: %s", err, t.Reason)
	}
	return exitError{err, ExitNotDone}
}
