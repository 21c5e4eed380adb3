package remudacli

import (
	"context"
	"errors"

	"github.com/remuda-go/remuda/cmd/remuda/internal/remote"
	"github.com/remuda-go/remuda/cmd/remuda/internal/serve"
	"github.com/urfave/cli/v3"
)

// health is for probes. It never opens a store in a directory by itself: it is the
// process that serves whose health is asked for.
func (a *app) health() *cli.Command {
	return &cli.Command{
		Name: "health", Usage: "say whether the process that serves, or the NATS cluster, takes what is written; for probes",
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if _, err := args(cmd, 0, 0); err != nil {
				return err
			}
			if cmd.String("url") == "" && cmd.String("nats") == "" {
				cfg, err := a.load(cmd)
				if err == nil && len(cfg.NATS) == 0 && !serve.Serves(cfg) {
					return errors.New("no process serves")
				}
			}
			return a.with(ctx, cmd, func(c *remote.Client) error {
				if err := c.Health(ctx); err != nil {
					return err
				}
				return a.value(cmd, map[string]string{"status": "ok"}, "ok")
			})
		},
	}
}
