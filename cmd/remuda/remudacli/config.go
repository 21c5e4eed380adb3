package remudacli

import (
	"context"
	"fmt"

	"github.com/remuda-go/remuda/cmd/remuda/internal/config"
	"github.com/urfave/cli/v3"
)

func (a *app) config() *cli.Command {
	return &cli.Command{
		Name: "config", Usage: "look at the config",
		Commands: []*cli.Command{
			{Name: "print", Usage: "print what is in force, and where it comes from", Action: a.printConfig},
			{Name: "validate", Usage: "say what is wrong", Action: a.validateConfig},
			{Name: "schema", Usage: "print the JSON schema, for editors", Action: a.printSchema},
		},
	}
}

func (a *app) printConfig(_ context.Context, cmd *cli.Command) error {
	cfg, err := a.load(cmd)
	if err != nil {
		return err
	}
	if cmd.Bool("json") {
		text, err := cfg.PrintJSON()
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.std.Out, "%s\n", text)
		return err
	}
	text, err := cfg.Print()
	if err != nil {
		return err
	}
	if url := cmd.String("nats"); url != "" {
		fmt.Fprintln(a.std.Out, "# --nats is given: store and nats are not used")
	}
	_, err = a.std.Out.Write(text)
	return err
}

func (a *app) validateConfig(_ context.Context, cmd *cli.Command) error {
	cfg, err := a.load(cmd)
	if err != nil {
		return err
	}
	kinds, providers, entries := len(cfg.FileKinds()), len(cfg.Providers), len(cfg.Cron)
	return a.value(cmd, map[string]any{"config": cfg.Name(), "kinds": kinds, "providers": providers, "cron": entries},
		fmt.Sprintf("%s is right: %s, %s, %s", cfg.Name(), count(kinds, "kind", "kinds"), count(providers, "provider", "providers"), count(entries, "cron entry", "cron entries")))
}

func count(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

func (a *app) printSchema(context.Context, *cli.Command) error {
	text, err := config.Schema()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.std.Out, "%s\n", text)
	return err
}
