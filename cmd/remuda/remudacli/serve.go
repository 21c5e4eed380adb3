package remudacli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/remuda-go/remuda/cmd/remuda/internal/config"
	"github.com/remuda-go/remuda/cmd/remuda/internal/serve"
	"github.com/urfave/cli/v3"
)

func (a *app) serve() *cli.Command {
	return &cli.Command{
		Name: "serve", Usage: "run what the config says, until SIGINT or SIGTERM",
		Description: "SIGHUP reads the config again. What has changed changes, what runs goes on; a config with a fault changes nothing.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "allow-control", Usage: "let those who have the token redrive, cancel, delete, pause and resume, as control: true of each http provider does"},
			&cli.StringFlag{Name: "role", Value: "all", Usage: "`ROLE` of several processes on a cluster: worker runs tasks, intake has the providers and sets cron entries, all does both"},
			&cli.StringSliceFlag{Name: "only", Usage: "run only tasks of the `KIND`, which may be given several times"},
		},
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if _, err := args(cmd, 0, 0); err != nil {
				return err
			}
			part, err := partOf(cmd)
			if err != nil {
				return err
			}
			reload, stop := hangups()
			defer stop()
			return serve.Run(ctx, serve.Options{
				Load: func() (*config.Config, error) {
					cfg, err := a.loadToServe(cmd)
					if err != nil {
						return nil, err
					}
					return cfg.Part(part)
				},
				NATS: cmd.String("nats"), Kinds: a.kinds, Log: a.logger(cmd), Reload: reload,
			})
		},
	}
}

func (a *app) loadToServe(cmd *cli.Command) (*config.Config, error) {
	cfg, err := a.load(cmd)
	if err == nil && cmd.Bool("allow-control") {
		err = cfg.AllowControl()
	}
	return cfg, err
}

// partOf reads --role and --only.
func partOf(cmd *cli.Command) (p config.Part, err error) {
	p.Only = cmd.StringSlice("only")
	switch role := cmd.String("role"); role {
	case "all":
		p.Intake, p.Work = true, true
	case "worker":
		p.Work = true
	case "intake":
		p.Intake = true
	default:
		return p, usageError{fmt.Errorf("--role %s: want all, worker or intake", role)}
	}
	if !p.Work && len(p.Only) > 0 {
		return p, usageError{errors.New("--role intake runs no tasks, so that --only means nothing")}
	}
	return p, nil
}

func (a *app) logger(cmd *cli.Command) *slog.Logger {
	if cmd.Bool("json") {
		return slog.New(slog.NewJSONHandler(a.std.Err, nil))
	}
	return slog.New(slog.NewTextHandler(a.std.Err, nil))
}

// hangups tells of each SIGHUP.
func hangups() (<-chan struct{}, func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	reload := make(chan struct{})
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case <-signals:
			}
			select {
			case <-done:
				return
			case reload <- struct{}{}:
			}
		}
	}()
	return reload, func() {
		signal.Stop(signals)
		close(done)
	}
}
