// Package command makes of a program a job: its standard input is the payload, its
// standard output the result, and the end of its standard error the reason of a
// failure.
package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/remuda-go/remuda/middleware"
	"github.com/remuda-go/remuda/tasks"
)

// A Program is what is run. Nothing of it comes from a task.
type Program struct {
	Argv      []string
	Dir       string
	Env       map[string]string
	RetryExit []int         // if there are any, every other exit code is final
	Output    int64         // the most bytes of a result
	Grace     time.Duration // from SIGTERM to SIGKILL
}

// errorTail is how much of the end of the standard error is kept.
const errorTail = 4 << 10

// Do runs the program. When ctx ends, the program's process group gets SIGTERM, and
// SIGKILL after Grace; whatever the program has left of its group when it ends gets
// SIGKILL, too. The environment has the task's ID, kind and attempt, as REMUDA_ID,
// REMUDA_KIND and REMUDA_ATTEMPT.
func (p *Program) Do(ctx context.Context, payload []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	runCtx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out := &bounded{most: p.Output, full: cancel}
	tail := &tail{most: errorTail}
	cmd := exec.CommandContext(runCtx, p.Argv[0], p.Argv[1:]...)
	cmd.Dir, cmd.Env = p.Dir, p.environment(ctx)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(payload), out, tail
	err := runGroup(cmd, p.Grace)
	switch {
	case out.overflow:
		return nil, fmt.Errorf("%w: the output is larger than %d bytes", tasks.ErrTooLarge, p.Output)
	case err == nil:
		return out.buf.Bytes(), nil
	case ctx.Err() != nil:
		return nil, p.explain(fmt.Errorf("%w: %w", context.Cause(ctx), err), tail)
	}
	return nil, p.verdict(p.explain(err, tail))
}

// explain adds the end of the standard error.
func (p *Program) explain(err error, t *tail) error {
	if text := strings.ToValidUTF8(strings.TrimSpace(t.String()), "\uFFFD"); text != "" {
		return fmt.Errorf("%s: %w: %s", p.Argv[0], err, text)
	}
	return fmt.Errorf("%s: %w", p.Argv[0], err)
}

// verdict decides whether another attempt is worth it: a program that was killed or
// could not be started may run the next time.
func (p *Program) verdict(err error) error {
	var exit *exec.ExitError
	if len(p.RetryExit) == 0 || !errors.As(err, &exit) || !exit.Exited() || slices.Contains(p.RetryExit, exit.ExitCode()) {
		return err
	}
	return middleware.Permanent(err)
}

func (p *Program) environment(ctx context.Context) []string {
	env := os.Environ()
	for name, value := range p.Env {
		env = append(env, name+"="+value)
	}
	if run, ok := tasks.RunFrom(ctx); ok {
		env = append(env, "REMUDA_ID="+string(run.ID), "REMUDA_KIND="+run.Kind, fmt.Sprintf("REMUDA_ATTEMPT=%d", run.Attempt))
	}
	return env
}
