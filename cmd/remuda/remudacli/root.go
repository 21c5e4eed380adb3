package remudacli

import (
	"context"
	"fmt"
	"os"

	"github.com/remuda-go/remuda/cmd/remuda/internal/config"
	"github.com/urfave/cli/v3"
)

// defaultConfig is the config of commands that are not told of another.
const defaultConfig = "remuda.yaml"

func (a *app) root() *cli.Command {
	root := &cli.Command{
		Name:  "remuda",
		Usage: "tasks that outlive the process: programs and URLs run them, a config file says which",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "config", Aliases: []string{"c"}, Value: defaultConfig, Usage: "the config `FILE`", Sources: cli.EnvVars("REMUDA_CONFIG")},
			&cli.StringFlag{Name: "nats", Usage: "use the store at the `URL` of a NATS cluster", Sources: cli.EnvVars("REMUDA_NATS")},
			&cli.StringFlag{Name: "url", Usage: "ask the remuda that serves at the `URL`, such as http://host:8055", Sources: cli.EnvVars("REMUDA_URL")},
			&cli.StringFlag{Name: "token-file", Usage: "the `FILE` with the token for --url", Sources: cli.EnvVars("REMUDA_TOKEN_FILE")},
			&cli.StringFlag{Name: "ca-file", Usage: "the `FILE` with the CAs that --url is trusted by; the default is those of the system", Sources: cli.EnvVars("REMUDA_CA_FILE")},
			&cli.StringFlag{Name: "cert-file", Usage: "the `FILE` with the certificate that is shown to --url", Sources: cli.EnvVars("REMUDA_CERT_FILE")},
			&cli.StringFlag{Name: "key-file", Usage: "the `FILE` with its key", Sources: cli.EnvVars("REMUDA_KEY_FILE")},
			&cli.BoolFlag{Name: "json", Usage: "write JSON, one value a line"},
		},
		Commands: []*cli.Command{
			a.serve(), a.push(), a.get(), a.wait(), a.list(), a.dead(), a.stats(), a.watch(),
			a.cancel(), a.redrive(), a.delete(), a.pause(), a.resume(), a.resize(), a.cron(), a.migrate(), a.health(), a.config(), a.k8s(),
		},
		Reader: a.std.In, Writer: a.std.Out, ErrWriter: a.std.Err,
		EnableShellCompletion: true,
		ExitErrHandler:        func(context.Context, *cli.Command, error) {}, // Run tells
		CommandNotFound: func(_ context.Context, _ *cli.Command, name string) {
			fmt.Fprintf(a.std.Err, "there is no command %q\n", name)
		},
	}
	usage(root)
	return root
}

// usage makes errors of arguments short, and tells them apart from others.
func usage(cmd *cli.Command) {
	cmd.OnUsageError = func(_ context.Context, cmd *cli.Command, err error, _ bool) error {
		return usageError{fmt.Errorf("%w; see %s --help", err, cmd.FullName())}
	}
	for _, sub := range cmd.Commands {
		usage(sub)
	}
}

// args checks how many arguments there are.
func args(cmd *cli.Command, least, most int) ([]string, error) {
	all := cmd.Args().Slice()
	if len(all) < least || most >= 0 && len(all) > most {
		return nil, usageError{fmt.Errorf("want %s %s", cmd.FullName(), cmd.ArgsUsage)}
	}
	return all, nil
}

// load reads the config, for a program that has kinds of its own. One that nobody asked for need not exist where the store is
// known without it.
func (a *app) load(cmd *cli.Command) (*config.Config, error) {
	name := cmd.String("config")
	_, err := os.Stat(name)
	if os.IsNotExist(err) && !cmd.IsSet("config") && (cmd.String("nats") != "" || cmd.String("url") != "") {
		return config.Parse("(no config)", ".", nil, a.names()...)
	}
	if os.IsNotExist(err) {
		return nil, exitError{fmt.Errorf("there is no config %s: name one with -c, or a store with --nats or --url", name), ExitConfig}
	}
	return config.Load(name, a.names()...)
}

// names are those of the program's kinds.
func (a *app) names() []string {
	names := make([]string, len(a.kinds))
	for i, k := range a.kinds {
		names[i] = k.Name()
	}
	return names
}
