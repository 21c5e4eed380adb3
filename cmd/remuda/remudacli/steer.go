package remudacli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"github.com/remuda-go/remuda/cmd/remuda/internal/remote"
	"github.com/remuda-go/remuda/tasks"
	"github.com/urfave/cli/v3"
)

func (a *app) cancel() *cli.Command {
	return a.each("cancel", "end tasks that have not ended", "ID...", nil, func(c *remote.Client, ctx context.Context, id tasks.ID) error {
		return c.Steer(ctx, id, "cancel")
	})
}

func (a *app) delete() *cli.Command {
	return a.each("delete", "forget tasks, whatever their state", "ID...", nil, (*remote.Client).Delete)
}

func (a *app) redrive() *cli.Command {
	flags := append(filterFlags(0), &cli.BoolFlag{Name: "all", Usage: "all that are dead, or those that --kind and --reason select"})
	return a.each("redrive", "run dead, cancelled or expired tasks again", "ID... | --all", flags, func(c *remote.Client, ctx context.Context, id tasks.ID) error {
		return c.Steer(ctx, id, "redrive")
	})
}

// each makes a command that does f to each of its arguments, and goes on if one of
// them fails.
func (a *app) each(name, usage, argsUsage string, flags []cli.Flag, f func(*remote.Client, context.Context, tasks.ID) error) *cli.Command {
	return &cli.Command{
		Name: name, Usage: usage, ArgsUsage: argsUsage, Flags: flags,
		Action: func(ctx context.Context, cmd *cli.Command) error {
			every := cmd.Bool("all")
			if every != (cmd.NArg() == 0) {
				return usageError{fmt.Errorf("want %s %s", cmd.FullName(), cmd.ArgsUsage)}
			}
			return a.with(ctx, cmd, func(c *remote.Client) error {
				ids, err := a.chosen(ctx, cmd, c)
				if err != nil {
					return err
				}
				var failed error
				seen := a.progress()
				defer seen.clear()
				for i, id := range ids {
					if !isTerminal(a.std.Out) { // there, each line is a step
						seen.sayf("%s: %d of %d", name, i, len(ids))
					}
					if err := f(c, ctx, id); err != nil {
						failed = errors.Join(failed, err)
						continue
					}
					if err := a.value(cmd, map[string]tasks.ID{name: id}, name+" "+plain(string(id))); err != nil {
						return err
					}
				}
				return failed
			})
		},
	}
}

// chosen are the tasks that are named, or all dead ones that the flags select.
func (a *app) chosen(ctx context.Context, cmd *cli.Command, c *remote.Client) (ids []tasks.ID, err error) {
	if !cmd.Bool("all") {
		for _, id := range cmd.Args().Slice() {
			ids = append(ids, tasks.ID(id))
		}
		return ids, nil
	}
	query := filter(cmd)
	query.Set("state", "dead")
	seen := a.progress()
	defer seen.clear()
	for t, err := range c.List(ctx, query) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, t.ID)
		seen.sayf("%s found", count(len(ids), "dead task", "dead tasks"))
	}
	return ids, nil
}

func (a *app) pause() *cli.Command {
	return a.steerKind("pause", "keep the tasks of a kind from being run, in all processes")
}

func (a *app) resume() *cli.Command { return a.steerKind("resume", "undo pause") }

func (a *app) steerKind(name, usage string) *cli.Command {
	return &cli.Command{
		Name: name, Usage: usage, ArgsUsage: "KIND",
		Action: func(ctx context.Context, cmd *cli.Command) error {
			all, err := args(cmd, 1, 1)
			if err != nil {
				return err
			}
			return a.with(ctx, cmd, func(c *remote.Client) error { return c.SteerKind(ctx, all[0], name, nil) })
		},
	}
}

func (a *app) resize() *cli.Command {
	return &cli.Command{
		Name: "resize", Usage: "change the number of workers in the process that serves, until its config says otherwise", ArgsUsage: "KIND WORKERS",
		Action: func(ctx context.Context, cmd *cli.Command) error {
			all, err := args(cmd, 2, 2)
			if err != nil {
				return err
			}
			if n, err := strconv.Atoi(all[1]); err != nil || n < 0 {
				return usageError{fmt.Errorf("%q is no number of workers", all[1])}
			}
			return a.with(ctx, cmd, func(c *remote.Client) error {
				return c.SteerKind(ctx, all[0], "resize", url.Values{"workers": {all[1]}})
			})
		},
	}
}
