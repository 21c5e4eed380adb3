// Package remudacli is the command remuda as a library, for a binary with kinds
// written in Go:
//
//	func main() { remudacli.Main(remudacli.Kind(Charge, remuda.Func(charge), remuda.Config{Initial: 8})) }
package remudacli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	_ "time/tzdata" // an image that has nothing else has no zones

	"github.com/redis/go-redis/v9/logging"
	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/cmd/remuda/internal/serve"
	"github.com/remuda-go/remuda/tasks"
)

// A KindOption is a kind that the command serves in addition to those of its config.
type KindOption func(*app)

// Kind makes the command serve the kind with job, as [tasks.Kind.Handle] does. The
// config can name it wherever it names a kind, and say what is pushed when a task of
// it is given up: kinds: {charge: {on_dead: {kind: alert}}}.
func Kind[In, Out any](k tasks.Kind[In, Out], job remuda.Job[In, Out], cfg remuda.Config, mws ...remuda.Middleware) KindOption {
	return func(a *app) {
		a.kinds = append(a.kinds, serve.GoKind{Kind: k.Raw(), Handle: func(w *tasks.Worker, outer ...remuda.Middleware) (*tasks.Handler, error) {
			return k.Handle(w, job, cfg, append(slices.Clip(outer), mws...)...)
		}})
	}
}

// Main runs the command with the arguments of the process, and ends the process with
// its exit code. SIGINT and SIGTERM shut it down gracefully; a second one ends it
// immediately.
func Main(kinds ...KindOption) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // from then on, a signal has its usual effect
	logging.Disable()            // go-redis prints, for the whole process, what it also returns
	os.Exit(Run(ctx, os.Args, Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, kinds...))
}

// Streams are the standard streams of the command.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Run runs the command until it is done or ctx ends, and returns its exit code. The
// first of args is the name of the program.
func Run(ctx context.Context, args []string, std Streams, kinds ...KindOption) int {
	a := &app{std: std, name: "remuda"}
	for _, k := range kinds {
		k(a)
	}
	if len(args) > 0 {
		a.name = strings.TrimSuffix(filepath.Base(args[0]), ".exe")
	}
	err := a.root().Run(ctx, args)
	if err == nil {
		return ExitOK
	}
	// The packages that this is made of begin theirs with remuda, too.
	text := strings.ReplaceAll(strings.TrimPrefix(err.Error(), "remuda: "), "\nremuda: ", "\n")
	fmt.Fprintf(std.Err, "%s: %s\n", a.name, text)
	return codeOf(err)
}

// An app is one run of the command.
type app struct {
	name  string // of the program
	std   Streams
	kinds []serve.GoKind
}
