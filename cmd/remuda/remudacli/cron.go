package remudacli

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"time"

	"github.com/remuda-go/remuda/cmd/remuda/internal/api"
	"github.com/remuda-go/remuda/cmd/remuda/internal/remote"
	"github.com/urfave/cli/v3"
)

func (a *app) cron() *cli.Command {
	return &cli.Command{
		Name: "cron", Usage: "list, set and remove what is pushed by the clock",
		Commands: []*cli.Command{
			{Name: "list", Usage: "list the entries", ArgsUsage: "[KIND]", Action: a.listCron},
			{
				Name: "set", Usage: "push a task whenever SPEC says so", ArgsUsage: "KIND NAME SPEC",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "zone", Usage: "the time `ZONE`, such as Europe/Berlin; the default is UTC"},
					&cli.StringFlag{Name: "input", Usage: "the payload, as `JSON`"},
				},
				Action: a.setCron,
			},
			{
				Name: "remove", Usage: "push it no more", ArgsUsage: "KIND NAME",
				Action: func(ctx context.Context, cmd *cli.Command) error {
					all, err := args(cmd, 2, 2)
					if err != nil {
						return err
					}
					return a.with(ctx, cmd, func(c *remote.Client) error { return c.RemoveCron(ctx, all[0], all[1]) })
				},
			},
		},
	}
}

func (a *app) listCron(ctx context.Context, cmd *cli.Command) error {
	all, err := args(cmd, 0, 1)
	if err != nil {
		return err
	}
	query := url.Values{}
	if len(all) == 1 {
		query.Set("kind", all[0])
	}
	return a.with(ctx, cmd, func(c *remote.Client) error {
		entries, err := c.Cron(ctx, query)
		if err != nil {
			return err
		}
		t := a.table("KIND", "NAME", "SPEC", "ZONE", "NEXT", "INPUT")
		for _, e := range entries {
			if cmd.Bool("json") {
				err = a.json(e)
			} else {
				err = t.row(e.Kind, e.Name, e.Spec, e.Zone, at(e.Next), string(e.Input))
			}
			if err != nil {
				return err
			}
		}
		return t.flush()
	})
}

// at is a time as people here read it.
func at(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(time.DateTime)
}

func (a *app) setCron(ctx context.Context, cmd *cli.Command) error {
	all, err := args(cmd, 3, 3)
	if err != nil {
		return err
	}
	entry := api.Cron{Spec: all[2], Zone: cmd.String("zone")}
	if input := cmd.String("input"); input != "" {
		if !json.Valid([]byte(input)) {
			return usageError{errors.New("--input is not JSON")}
		}
		entry.Input = json.RawMessage(input)
	}
	return a.with(ctx, cmd, func(c *remote.Client) error { return c.SetCron(ctx, all[0], all[1], entry) })
}
