package crash_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
	"github.com/remuda-go/remuda/tasks"
)

func (l *logbook) handle(w *tasks.Worker) error {
	job := func(ctx context.Context, in string) (string, error) {
		r, _ := tasks.RunFrom(ctx)
		l.write("begin %s %d", r.ID, r.Attempt)
		defer func() {
			if ctx.Err() != nil {
				l.write("back %s", r.ID)
			}
			l.write("end %s", r.ID)
		}()
		select {
		case <-time.After(2 * time.Millisecond):
		case <-ctx.Done():
			return "", ctx.Err()
		}
		switch how, _, _ := strings.Cut(in, " "); {
		case r.Kind == killer.Name():
			time.Sleep(50 * time.Millisecond) // its neighbours run by now
			os.Exit(killedItself)
		case how == "fail" && r.Attempt == 1:
			return "", errors.New("once")
		case how == "never":
			return "", middleware.Permanent(errors.New("never"))
		case how == "long" && (!l.o.Finish || r.Kind == neighbour.Name()):
			select {
			case <-time.After(300 * time.Millisecond):
			case <-ctx.Done():
				return "", ctx.Err()
			}
		}
		return fmt.Sprintf("%s in epoch %d", in, l.o.Epoch), nil
	}
	kinds := []tasks.Kind[string, string]{work, slow, brief, killer, neighbour}
	if l.o.Only != "" {
		kinds = kinds[:1]
	}
	if l.o.Lease != 0 {
		kinds[0] = tasks.Define[string, string]("work", tasks.Lease(l.o.Lease))
	}
	for _, k := range kinds {
		cfg := remuda.Config{Initial: 2}
		if l.o.Idle {
			cfg = remuda.Config{Paused: true}
		}
		if _, err := k.Handle(w, remuda.Func(job), cfg); err != nil {
			return err
		}
	}
	return nil
}

// push pushes tasks, and tells of each that was confirmed.
func (l *logbook) push(ctx context.Context, c *tasks.Client) error {
	if l.o.Only == "cron" && l.o.Pushes > 0 {
		return work.Cron(ctx, c, "tick", tasks.Spec{Expr: "@every 1s"}, "cron")
	}
	if l.o.Only == "cron" {
		return c.RemoveCron(ctx, work.Name(), "tick")
	}
	for i := range l.o.Pushes {
		name := fmt.Sprintf("%d-%d", l.o.Epoch, i)
		for _, p := range []struct {
			kind tasks.Kind[string, string]
			sort string
			opts []tasks.PushOption
		}{
			{work, "plain", nil},
			{work, "fail", nil},
			{slow, "fail", nil},
			{work, "never", nil},
			{brief, "brief", nil},
			{work, "unique", []tasks.PushOption{tasks.Unique("key-" + name)}},
			{work, "later", []tasks.PushOption{tasks.After(100 * time.Millisecond)}},
			{work, "long", nil},
		} {
			if l.o.Only != "" && (p.sort != l.o.Only || p.kind.Name() != work.Name()) {
				continue
			}
			kind := p.kind
			if l.o.Lease != 0 {
				kind = tasks.Define[string, string]("work", tasks.Lease(l.o.Lease))
			}
			id, err := kind.Push(ctx, c, p.sort+" "+name, append(p.opts, tasks.WithID(p.sort+"-"+name))...)
			if err != nil {
				return fmt.Errorf("push %s: %w", id, err)
			}
			l.write("pushed %s", id)
		}
	}
	return nil
}
