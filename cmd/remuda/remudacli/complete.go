package remudacli

import (
	"context"
	"fmt"
	"slices"

	"github.com/urfave/cli/v3"
)

// completeKinds offers the kinds of the config and of the program where a command takes
// one first, and then its flags.
func (a *app) completeKinds(ctx context.Context, cmd *cli.Command) {
	cli.DefaultCompleteWithFlags(ctx, cmd)
	if cmd.NArg() > 0 {
		return
	}
	cfg, err := a.load(cmd)
	if err != nil {
		return // there is nobody to tell
	}
	names := a.names()
	for name := range cfg.FileKinds() {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintln(a.std.Out, name)
	}
}
