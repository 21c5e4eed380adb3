// Emails sends mails as tasks: they are stored before they are confirmed, tried
// again with growing delays while the server refuses them, and kept as dead letters
// when that does not help, to be sent once what was wrong is mended.
//
//	emails push ORDER TO     store a mail for an order: the order is its key, so that
//	                         it is one mail however often this is run
//	emails work              send what is there, until Ctrl-C
//	emails dead              list what could not be sent, and why
//	emails redrive           send that again
//
// A mail is sent at least once: the process may be killed between the server's
// answer and the record of it. So the mail has its task's ID as its Message-ID, by
// which the receiving side knows the second copy of it; the mail server here, which
// is a directory (-outbox), does as well.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/embedded"
)

// A Mail is what is to be sent.
type Mail struct {
	Order string `json:"order"`
	To    string `json:"to"`
}

// Send is the kind of task. The delays double from a tenth of a second, so that the
// example is not dull; the default is seconds to minutes.
var Send = tasks.Define[Mail, remuda.Void]("send", //nolint:gochecknoglobals // a kind is a value
	tasks.Attempts(5), tasks.Timeout(10*time.Second),
	tasks.Backoff(func(attempt int) time.Duration { return 100 * time.Millisecond << attempt }))

const usage = `usage: emails [flags] push ORDER TO | work | dead | redrive

It stores mails and sends them: into a directory, which stands for the mail server.
Until that is made, the mail server is away.

  push ORDER TO   store a mail for an order
  work            send what is stored, until Ctrl-C
  dead            list what could not be sent
  redrive         let work send that again

Try:
  go run ./examples/emails push 7 ann@example.org
  go run ./examples/emails work        # five attempts; then Ctrl-C
  go run ./examples/emails dead
  mkdir outbox; go run ./examples/emails redrive
  go run ./examples/emails work        # there it goes

Flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "emails:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	flags := flag.NewFlagSet("emails", flag.ExitOnError)
	flags.SetOutput(stderr)
	store := flags.String("store", "emails.store", "`directory` of the tasks")
	outbox := flags.String("outbox", "outbox", "`directory` that stands for the mail server")
	flags.Usage = func() { fmt.Fprint(stderr, usage); flags.PrintDefaults() }
	_ = flags.Parse(args) // or it ends the program
	if !known(flags.Args()) {
		flags.Usage()
		return errors.New("push ORDER TO, work, dead or redrive?")
	}
	client, err := embedded.Open(ctx, *store)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	switch command := flags.Arg(0); command {
	case "push":
		return push(ctx, client, Mail{Order: flags.Arg(1), To: flags.Arg(2)}, stdout)
	case "work":
		fmt.Fprintln(stderr, "emails: sending what is stored, until Ctrl-C")
		return work(ctx, client, mailServer{*outbox}, stdout)
	default:
		return dead(ctx, client, command == "redrive", stdout)
	}
}

// known reports whether args are a command and what it takes.
func known(args []string) bool {
	takes := map[string]int{"push": 2, "work": 0, "dead": 0, "redrive": 0}
	if len(args) == 0 {
		return false
	}
	n, ok := takes[args[0]]
	return ok && len(args) == n+1
}

// push stores a mail. That it is there already is what the key is for.
func push(ctx context.Context, client *tasks.Client, m Mail, stdout io.Writer) error {
	id, err := Send.Push(ctx, client, m, tasks.WithID(m.Order))
	if there := (*tasks.DuplicateError)(nil); errors.As(err, &there) {
		fmt.Fprintln(stdout, there.ID, "was there already")
		return nil
	}
	if err == nil {
		fmt.Fprintln(stdout, id, "is stored")
	}
	return err
}

// work sends mails until ctx ends, and then what it has in hand.
func work(ctx context.Context, client *tasks.Client, server mailServer, stdout io.Writer) error {
	worker := tasks.NewWorker(client)
	job := remuda.NoOutput(func(ctx context.Context, m Mail) error {
		run, _ := tasks.RunFrom(ctx)
		err := server.send(string(run.ID), m)
		outcome := "sent"
		if err != nil {
			outcome = err.Error()
		}
		fmt.Fprintf(stdout, "%s to %s, attempt %d: %s\n", run.ID, m.To, run.Attempt, outcome)
		return err
	})
	if _, err := Send.Handle(worker, job, remuda.Config{Initial: 2}); err != nil {
		return err
	}
	return worker.Run(ctx)
}

// dead lists the dead letters, and sends them again if that is wanted.
func dead(ctx context.Context, client *tasks.Client, again bool, stdout io.Writer) error {
	letters := 0
	for letter, err := range client.Dead(ctx, tasks.Filter{Kind: Send.Name()}) {
		if err != nil {
			return err
		}
		letters++
		fmt.Fprintf(stdout, "%s after %d attempts: %s: %s\n", letter.ID, letter.Attempts, letter.Reason, letter.Payload)
		if !again {
			continue
		}
		if err := client.Redrive(ctx, letter.ID); err != nil {
			return err
		}
	}
	if letters == 0 {
		fmt.Fprintln(stdout, "there are no dead letters")
	}
	return nil
}

// A mailServer is a directory: a mail is a file in it, named by its Message-ID.
type mailServer struct{ dir string }

// send delivers a mail. A second one with the same ID is the same mail.
func (s mailServer) send(messageID string, m Mail) error {
	if !strings.Contains(m.To, "@") {
		return middleware.Permanent(fmt.Errorf("%q is no address", m.To))
	}
	if _, err := os.Stat(s.dir); err != nil {
		return fmt.Errorf("the mail server is away: %w", err)
	}
	text := fmt.Sprintf("To: %s\nMessage-ID: <%s@example.org>\n\nYour order %s is on its way.\n", m.To, messageID, m.Order)
	return os.WriteFile(filepath.Join(s.dir, messageID), []byte(text), 0o600)
}
