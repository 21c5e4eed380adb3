package service

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"slices"
	"time"

	"github.com/remuda-go/remuda/tasks"
)

const (
	longestWait = time.Minute
	healthTime  = 2 * time.Second
)

// Task returns what is known of a task, at its end or when wait has passed, and its
// output if it is done.
func (s *Service) Task(ctx context.Context, id tasks.ID, wait time.Duration) (info tasks.Info, output []byte, err error) {
	k, err := s.of(id)
	if err != nil {
		return info, nil, err
	}
	if wait < 0 || wait > longestWait {
		return info, nil, Invalid("wait is %v: want a duration of at most %v", wait, longestWait)
	}
	if wait > 0 {
		if err := s.wait(ctx, k, id, wait); err != nil {
			return info, nil, err
		}
	}
	if info, err = s.Client.Info(ctx, id); err != nil || info.State != tasks.Done {
		return info, nil, err
	}
	output, err = k.Result(ctx, s.Client, id)
	return info, output, err
}

// wait waits for the end of the task, whatever it is, or until d has passed.
func (s *Service) wait(ctx context.Context, k KindOf, id tasks.ID, d time.Duration) error {
	bound, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	_, err := k.Wait(bound, s.Client, id)
	var ended *tasks.TaskError
	if errors.As(err, &ended) || bound.Err() != nil && ctx.Err() == nil {
		return nil
	}
	return err
}

// Output returns the output of a task that is done.
func (s *Service) Output(ctx context.Context, id tasks.ID) ([]byte, error) {
	k, err := s.of(id)
	if err != nil {
		return nil, err
	}
	out, err := k.Result(ctx, s.Client, id)
	var ended *tasks.TaskError
	if errors.Is(err, tasks.ErrNotDone) || errors.As(err, &ended) {
		return nil, &Problem{Status: http.StatusConflict, Code: CodeState, Text: err.Error(), ID: id}
	}
	return out, err
}

// A Task is one of a list, with its payload if that was asked for.
type Task struct {
	tasks.Info
	Payload []byte
}

// List yields the tasks of kinds that are available here, as [tasks.Client.List] does. An
// error is the last that it yields.
func (s *Service) List(ctx context.Context, f tasks.Filter, payload bool) iter.Seq2[Task, error] {
	return func(yield func(Task, error) bool) {
		if err := s.checkFilter(ctx, f, payload); err != nil {
			yield(Task{}, err)
			return
		}
		all := s.all(ctx, f, payload)
		if f.Limit > 0 && f.Kind == "" && !s.Stored {
			all = s.newest(ctx, f, payload) // tasks of other kinds do not count
		}
		for t, err := range all {
			if err == nil && !s.sees(t.ID.Kind()) {
				continue
			}
			if !yield(t, err) || err != nil {
				return
			}
		}
	}
}

// newest yields those of all kinds that are available here that have changed last.
func (s *Service) newest(ctx context.Context, f tasks.Filter, payload bool) iter.Seq2[Task, error] {
	return func(yield func(Task, error) bool) {
		kinds, failed := s.Kinds(ctx)
		var found []Task
		for _, k := range kinds {
			f.Kind = k.Kind
			for t, err := range s.all(ctx, f, payload) {
				if err != nil {
					failed = err
					break
				}
				found = append(found, t)
			}
		}
		slices.SortStableFunc(found, func(a, b Task) int { return a.Changed().Compare(b.Changed()) })
		for _, t := range found[max(0, len(found)-f.Limit):] {
			if !yield(t, nil) {
				return
			}
		}
		if failed != nil {
			yield(Task{}, failed)
		}
	}
}

func (s *Service) checkFilter(ctx context.Context, f tasks.Filter, payload bool) error {
	for _, state := range f.States {
		if !slices.Contains(states, state) {
			return Invalid("no such state: %q; there are %v", string(state), states)
		}
	}
	switch {
	case f.Limit < 0:
		return Invalid("limit is negative: %d", f.Limit)
	case payload && !slices.Equal(f.States, []tasks.State{tasks.Dead}):
		return Invalid("payloads are kept of dead tasks: ask for that state alone")
	}
	return s.known(ctx, f.Kind)
}

var states = []tasks.State{
	tasks.Waiting, tasks.Scheduled, tasks.Running, tasks.Retrying, tasks.Done, tasks.Dead, tasks.Cancelled, tasks.Expired,
}

func (s *Service) all(ctx context.Context, f tasks.Filter, payload bool) iter.Seq2[Task, error] {
	return func(yield func(Task, error) bool) {
		if payload {
			for d, err := range s.Client.Dead(ctx, f) {
				if !yield(Task{d.Info, d.Payload}, err) {
					return
				}
			}
			return
		}
		for i, err := range s.Client.List(ctx, f) {
			if !yield(Task{Info: i}, err) {
				return
			}
		}
	}
}

// Kinds returns the state of each kind that is available here.
func (s *Service) Kinds(ctx context.Context) ([]tasks.KindInfo, error) {
	all, err := s.Client.Kinds(ctx)
	return slices.DeleteFunc(all, func(k tasks.KindInfo) bool { return !s.sees(k.Kind) }), err
}

// Watch returns what happens to tasks of a kind, or of all that are available here,
// from then on.
func (s *Service) Watch(ctx context.Context, kind string) (iter.Seq2[tasks.Event, error], error) {
	if err := s.known(ctx, kind); err != nil {
		return nil, err
	}
	events, err := s.Client.Watch(ctx, kind)
	if err != nil {
		return nil, err
	}
	return func(yield func(tasks.Event, error) bool) {
		for e, err := range events {
			if err == nil {
				if !s.sees(e.ID.Kind()) {
					continue
				}
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}, nil
}
