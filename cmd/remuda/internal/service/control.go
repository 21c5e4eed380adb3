package service

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/remuda-go/remuda/cmd/remuda/internal/config"
	"github.com/remuda-go/remuda/tasks"
)

// Cancel ends a task that has not ended.
func (s *Service) Cancel(ctx context.Context, id tasks.ID) error {
	return s.steer(ctx, id, s.Client.Cancel)
}

// Redrive runs a task again that is dead, cancelled or expired.
func (s *Service) Redrive(ctx context.Context, id tasks.ID) error {
	return s.steer(ctx, id, s.Client.Redrive)
}

// Delete forgets a task.
func (s *Service) Delete(ctx context.Context, id tasks.ID) error {
	return s.steer(ctx, id, s.Client.Delete)
}

func (s *Service) steer(ctx context.Context, id tasks.ID, f func(context.Context, tasks.ID) error) error {
	if err := s.allowed(); err != nil {
		return err
	}
	if _, err := s.of(id); err != nil {
		return err
	}
	return f(ctx, id)
}

// Pause keeps the tasks of a kind from being run, in all processes.
func (s *Service) Pause(ctx context.Context, kind string) error {
	return s.steerKind(ctx, kind, s.Client.Pause)
}

// Resume undoes Pause.
func (s *Service) Resume(ctx context.Context, kind string) error {
	return s.steerKind(ctx, kind, s.Client.Resume)
}

func (s *Service) steerKind(ctx context.Context, kind string, f func(context.Context, string) error) error {
	if err := s.allowed(); err != nil {
		return err
	}
	if err := s.known(ctx, kind); err != nil {
		return err
	}
	return f(ctx, kind)
}

// mostWorkers guards against typing errors.
const mostWorkers = 100_000

// Resize sets the number of workers of a kind in this process.
func (s *Service) Resize(ctx context.Context, kind string, workers int) error {
	return s.steerKind(ctx, kind, func(context.Context, string) error {
		switch {
		case workers < 0 || workers > mostWorkers:
			return Invalid("workers is %d: want 0 to %d", workers, mostWorkers)
		case s.Workers == nil:
			return NotFound("no worker runs here: ask the process that serves")
		}
		return s.Workers(kind, workers)
	})
}

// SetCron sets an entry, and replaces one of the same name. The spec is as people
// write it: see [config.Spec].
func (s *Service) SetCron(ctx context.Context, e tasks.CronEntry) error {
	return s.steerKind(ctx, e.Kind, func(ctx context.Context, kind string) error {
		spec, err := config.Spec(e.Spec.Expr)
		if err != nil {
			return Invalid("%v", err)
		}
		if _, err := time.LoadLocation(e.Spec.Zone); err != nil {
			return Invalid("%q is no time zone: want one such as Europe/Berlin", e.Spec.Zone)
		}
		k, err := s.kind(kind)
		if err != nil {
			return err
		}
		return k.Cron(ctx, s.Client, e.Name, tasks.Spec{Expr: spec, Zone: e.Spec.Zone}, e.Input)
	})
}

// RemoveCron removes an entry.
func (s *Service) RemoveCron(ctx context.Context, kind, name string) error {
	return s.steerKind(ctx, kind, func(ctx context.Context, kind string) error {
		err := s.Client.RemoveCron(ctx, kind, name)
		if errors.Is(err, tasks.ErrNotFound) {
			return NotFound("no such cron entry: %q of the kind %s", name, kind)
		}
		return err
	})
}

// Cron returns the entries of a kind, or of all that are available here.
func (s *Service) Cron(ctx context.Context, kind string) ([]tasks.CronEntry, error) {
	if err := s.known(ctx, kind); err != nil {
		return nil, err
	}
	all, err := s.Client.CronEntries(ctx, kind)
	return slices.DeleteFunc(all, func(e tasks.CronEntry) bool { return !s.sees(e.Kind) }), err
}
