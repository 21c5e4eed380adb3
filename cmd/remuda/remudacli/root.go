package remudacli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/remuda-go/remuda/cmd/remuda/internal/config"
	"github.com/urfave/cli/v3"
)

// defaultConfig is the config of commands that are not told of another.
const defaultConfig = "remuda.yaml"

func (a *app) root() *cli.Command {
	root := &cli.Command{
		Name:  a.name,
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
			a.cancel(), a.redrive(), a.delete(), a.pause(), a.resume(), a.resize(), a.cron(), a.migrate(), a.health(), a.config(), a.k8s(), a.help(),
		},
		HideHelpCommand: true, // a.help knows commands of commands
		Version:         version(),
		Reader:          a.std.In, Writer: a.std.Out, ErrWriter: a.std.Err,
		EnableShellCompletion: true,
		ConfigureShellCompletionCommand: func(cmd *cli.Command) {
			cmd.Hidden, cmd.Usage = false, "print what a shell needs to complete commands"
			a.usage(cmd)
		},
		ExitErrHandler: func(context.Context, *cli.Command, error) {}, // Run tells
	}
	a.usage(root)
	return root
}

// usage makes errors of arguments short, tells them apart from others, and completes what
// takes a kind.
func (a *app) usage(cmd *cli.Command) {
	cmd.OnUsageError = func(_ context.Context, cmd *cli.Command, err error, _ bool) error {
		return usageError{fmt.Errorf("%w; see %s --help", err, cmd.FullName())}
	}
	if strings.HasPrefix(strings.TrimPrefix(cmd.ArgsUsage, "["), "KIND") {
		cmd.ShellComplete = a.completeKinds
	}
	if len(cmd.Commands) > 0 {
		cmd.HideHelpCommand = true
		cmd.Action = func(_ context.Context, cmd *cli.Command) error {
			if cmd.Args().Present() {
				return usageError{fmt.Errorf("there is no command %q; see %s --help", cmd.Args().First(), cmd.FullName())}
			}
			return cli.ShowSubcommandHelp(cmd)
		}
	}
	for _, sub := range cmd.Commands {
		a.usage(sub)
	}
}

// help is the help of a command, also of one of another: help config validate.
func (a *app) help() *cli.Command {
	return &cli.Command{
		Name: "help", Aliases: []string{"h"}, Usage: "show help for a command", ArgsUsage: "[COMMAND...]",
		Action: func(_ context.Context, cmd *cli.Command) error {
			names := cmd.Args().Slice()
			at := cmd.Root()
			for _, name := range names {
				if at = at.Command(name); at == nil {
					return usageError{fmt.Errorf("there is no command %q; see %s --help", strings.Join(names, " "), a.name)}
				}
			}
			again := context.Background() // that of this command would make it the parent of the other
			return a.root().Run(again, append(append([]string{a.name}, names...), "--help"))
		},
	}
}

// args checks how many arguments there are.
func args(cmd *cli.Command, least, most int) ([]string, error) {
	all := cmd.Args().Slice()
	if len(all) < least || most >= 0 && len(all) > most {
		return nil, usageError{errors.New(strings.TrimSpace("want " + cmd.FullName() + " " + cmd.ArgsUsage))}
	}
	return all, nil
}

// load reads the config, for a program that has kinds of its own. One that nobody asked
// for need not exist where the store is known without it.
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
