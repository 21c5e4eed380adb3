package remudacli

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/remuda-go/remuda/cmd/remuda/internal/config"
	"github.com/remuda-go/remuda/cmd/remuda/internal/serve"
	"github.com/remuda-go/remuda/cmd/remuda/internal/service"
	"github.com/urfave/cli/v3"
)

func (a *app) migrate() *cli.Command {
	return &cli.Command{
		Name: "migrate", Usage: "give the queues that exist the lease, queued, running and replicas of the config",
		Description: "No other command changes them. Processes that serve are to be started again afterwards; an embedded store must not be in use.",
		Action: func(ctx context.Context, cmd *cli.Command) (err error) {
			if _, err := args(cmd, 0, 0); err != nil {
				return err
			}
			cfg, err := a.load(cmd)
			if err != nil {
				return err
			}
			store, err := serve.OpenToMigrate(ctx, cfg, cmd.String("nats"))
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, store.Close()) }()
			for _, k := range a.definitions(cfg) {
				if err := k.Migrate(ctx, store); err != nil {
					return err
				}
				if err := a.value(cmd, map[string]string{"migrated": k.Name()}, "migrated "+k.Name()); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// definitions are the kinds of the config and of the program, by name.
func (a *app) definitions(cfg *config.Config) (all []service.KindOf) {
	for name, k := range cfg.WithDefaults().FileKinds() {
		all = append(all, serve.Define(name, k))
	}
	for _, k := range a.kinds {
		all = append(all, k.Kind)
	}
	slices.SortFunc(all, func(x, y service.KindOf) int { return strings.Compare(x.Name(), y.Name()) })
	return all
}
