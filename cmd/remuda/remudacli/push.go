package remudacli

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"time"

	"github.com/remuda-go/remuda/cmd/remuda/internal/api"
	"github.com/remuda-go/remuda/cmd/remuda/internal/remote"
	"github.com/remuda-go/remuda/cmd/remuda/internal/service"
	"github.com/remuda-go/remuda/tasks"
	"github.com/urfave/cli/v3"
)

func (a *app) push() *cli.Command {
	return &cli.Command{
		Name: "push", Usage: "store a task, and print its ID", ArgsUsage: "KIND [PAYLOAD]",
		Description: "Without PAYLOAD it is what comes in on the standard input.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "file", Aliases: []string{"f"}, Usage: "the payload is the content of `FILE`"},
			&cli.StringFlag{Name: "id", Usage: "a `NAME` of its own: pushed twice, it is one task"},
			&cli.StringFlag{Name: "unique", Usage: "one task with the `KEY` at a time"},
			&cli.StringFlag{Name: "after", Usage: "run when the `DURATION` has passed, such as 90s"},
			&cli.StringFlag{Name: "at", Usage: "run at the `TIME`, such as 2026-01-02T15:04:05Z"},
			&cli.StringFlag{Name: "expires", Usage: "of no use after the `TIME`"},
			&cli.BoolFlag{Name: "wait", Usage: "wait for its end, and print its result"},
		},
		Action: func(ctx context.Context, cmd *cli.Command) error {
			all, err := args(cmd, 1, 2)
			if err != nil {
				return err
			}
			payload, err := a.payload(cmd, all[1:])
			if err != nil {
				return err
			}
			query := url.Values{}
			for _, name := range []string{"id", "unique", "after", "at", "expires"} {
				if value := cmd.String(name); value != "" {
					query.Set(name, value)
				}
			}
			id, err := a.pushOnce(ctx, cmd, all[0], payload, query)
			switch {
			case err != nil:
				return err
			case cmd.Bool("wait"):
				return a.waitFor(ctx, cmd, id, 0)
			}
			return a.value(cmd, api.Pushed{ID: id}, string(id))
		},
	}
}

// pushPatience is for how long a push is tried again whose answer did not come.
const pushPatience = 5 * time.Second

// pushOnce pushes a task. If the answer does not come, as when the process that serves
// is killed, it tries again under the same ID.
func (a *app) pushOnce(ctx context.Context, cmd *cli.Command, kind string, payload []byte, query url.Values) (id tasks.ID, err error) {
	ours := !query.Has("id") // nobody else knows the name
	if ours {
		query.Set("id", rand.Text())
	}
	for begun := time.Now(); ; {
		err = a.with(ctx, cmd, func(c *remote.Client) (err error) {
			id, err = c.Push(ctx, kind, payload, query)
			return err
		})
		var lost *url.Error
		var there *service.Problem
		if ours && errors.As(err, &there) && there.Code == service.CodeDuplicate && there.ID == tasks.NewID(kind, query.Get("id")) {
			return there.ID, nil // the first try was stored, and has run meanwhile
		}
		var stranger *tls.CertificateVerificationError // nothing was sent
		if !errors.As(err, &lost) || errors.As(err, &stranger) || ctx.Err() != nil {
			return id, err
		}
		if time.Since(begun) > pushPatience {
			err = fmt.Errorf("%w; it may be stored: push again with --id %s", err, query.Get("id"))
			return id, exitError{err, ExitUnknown}
		}
		time.Sleep(alonePause)
	}
}

// payload is the argument, the file, or what comes in.
func (a *app) payload(cmd *cli.Command, given []string) ([]byte, error) {
	file := cmd.String("file")
	switch {
	case len(given) > 0 && file != "":
		return nil, usageError{errors.New("PAYLOAD and --file exclude each other")}
	case len(given) > 0:
		return []byte(given[0]), nil
	case file != "":
		return os.ReadFile(file)
	case isTerminal(a.std.In):
		return nil, usageError{errors.New("what is the payload? Give it as an argument, with --file, or on the standard input")}
	}
	payload, err := io.ReadAll(a.std.In)
	if err != nil {
		return nil, fmt.Errorf("read the payload: %w", err)
	}
	return payload, nil
}
