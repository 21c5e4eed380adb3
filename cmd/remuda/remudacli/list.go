package remudacli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/remuda-go/remuda/cmd/remuda/internal/api"
	"github.com/remuda-go/remuda/cmd/remuda/internal/remote"
	"github.com/urfave/cli/v3"
)

func filterFlags(limit int) []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "kind", Aliases: []string{"k"}, Usage: "only tasks of the `KIND`"},
		&cli.StringFlag{Name: "reason", Usage: "only those whose reason the `REGEXP` matches"},
		&cli.IntFlag{Name: "limit", Aliases: []string{"n"}, Value: limit, Usage: "only the `N` that have changed last; 0 is all"},
	}
}

func filter(cmd *cli.Command) url.Values {
	query := url.Values{}
	for _, name := range []string{"kind", "reason", "state"} {
		if value := cmd.String(name); value != "" {
			query.Set(name, value)
		}
	}
	query.Set("limit", strconv.Itoa(cmd.Int("limit")))
	return query
}

func (a *app) list() *cli.Command {
	return &cli.Command{
		Name: "list", Usage: "list tasks",
		Flags: append(filterFlags(100), &cli.StringFlag{Name: "state", Usage: "only those in the `STATE`, or in one of several with commas between them"}),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if _, err := args(cmd, 0, 0); err != nil {
				return err
			}
			return a.listTasks(ctx, cmd, filter(cmd))
		},
	}
}

func (a *app) dead() *cli.Command {
	return &cli.Command{
		Name: "dead", Usage: "list the tasks that were given up, and why",
		Flags: append(filterFlags(100), &cli.BoolFlag{Name: "payload", Usage: "with --json: also what they were pushed with"}),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if _, err := args(cmd, 0, 0); err != nil {
				return err
			}
			query := filter(cmd)
			query.Set("state", "dead")
			if cmd.Bool("payload") {
				query.Set("payload", "true")
			}
			return a.listTasks(ctx, cmd, query)
		},
	}
}

// listTasks writes tasks as they come: the columns are as wide as those of the first
// hundred need.
func (a *app) listTasks(ctx context.Context, cmd *cli.Command, query url.Values) error {
	return a.with(ctx, cmd, func(c *remote.Client) error {
		t := a.table("ID", "STATE", "ATTEMPTS", "UPDATED", "REASON")
		n := 0
		for task, err := range c.List(ctx, query) {
			if err != nil {
				return err
			}
			n++
			if cmd.Bool("json") {
				err = a.json(task)
			} else {
				err = t.row(string(task.ID), string(task.State), strconv.Itoa(task.Attempts), ago(lastChange(task)), task.Reason)
			}
			if err != nil {
				return err
			}
		}
		if limit := cmd.Int("limit"); limit > 0 && n >= limit {
			fmt.Fprintln(a.std.Err, "there may be older ones: --limit 0 lists all")
		}
		return t.flush()
	})
}

func lastChange(t api.Task) time.Time {
	if t.Updated.IsZero() {
		return t.Pushed
	}
	return t.Updated
}

func (a *app) stats() *cli.Command {
	return &cli.Command{
		Name: "stats", Usage: "how much waits, runs and is dead, by kind", ArgsUsage: "[KIND]",
		Action: func(ctx context.Context, cmd *cli.Command) error {
			only, err := args(cmd, 0, 1)
			if err != nil {
				return err
			}
			return a.with(ctx, cmd, func(c *remote.Client) error {
				kinds, err := c.Kinds(ctx)
				if err != nil {
					return err
				}
				if len(only) > 0 {
					kinds = slices.DeleteFunc(kinds, func(k api.Kind) bool { return k.Kind != only[0] })
					if len(kinds) == 0 {
						return exitError{fmt.Errorf("no such kind: %q", only[0]), ExitNotFound}
					}
				}
				t := a.table("KIND", "WAITING", "RUNNING", "SCHEDULED", "DEAD", "OLDEST", "")
				for _, k := range kinds {
					if cmd.Bool("json") {
						err = a.json(k)
					} else {
						err = t.row(k.Kind, strconv.Itoa(k.Waiting), strconv.Itoa(k.Running), strconv.Itoa(k.Scheduled),
							strconv.Itoa(k.Dead), span(time.Duration(k.Oldest*float64(time.Second))), remark(k))
					}
					if err != nil {
						return err
					}
				}
				return t.flush()
			})
		},
	}
}

func remark(k api.Kind) string {
	switch {
	case k.Paused:
		return "paused"
	case !k.Handled:
		return "nobody handles it"
	}
	return ""
}

func (a *app) watch() *cli.Command {
	return &cli.Command{
		Name: "watch", Usage: "print what happens, until Ctrl-C", ArgsUsage: "[KIND]",
		Action: func(ctx context.Context, cmd *cli.Command) error {
			all, err := args(cmd, 0, 1)
			if err != nil {
				return err
			}
			query := url.Values{}
			if len(all) == 1 {
				query.Set("kind", all[0])
			}
			return a.with(ctx, cmd, func(c *remote.Client) error {
				if c.Alone {
					return errors.New("no process serves, so that nothing happens: start remuda serve")
				}
				for e, err := range c.Events(ctx, query) {
					if err != nil {
						return err
					}
					if err := a.value(cmd, e, fmt.Sprintf("%s  %-9s  %s  %s", e.At.Local().Format(time.TimeOnly), e.State, plain(string(e.ID)), plain(e.Reason+e.Note))); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
}
