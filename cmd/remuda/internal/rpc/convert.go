package rpc

import (
	"math"
	"regexp"
	"strings"
	"time"

	"github.com/remuda-go/remuda/client/remudav1"
	"github.com/remuda-go/remuda/cmd/remuda/internal/service"
	"github.com/remuda-go/remuda/tasks"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const statePrefix = "TASK_STATE_"

func stateOf(s tasks.State) remudav1.TaskState {
	return remudav1.TaskState(remudav1.TaskState_value[statePrefix+strings.ToUpper(string(s))])
}

func stateFrom(s remudav1.TaskState) tasks.State {
	return tasks.State(strings.ToLower(strings.TrimPrefix(s.String(), statePrefix)))
}

// stamp leaves out the zero time.
func stamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func small(n int) int32 { return int32(min(n, math.MaxInt32)) }

// duration and instant read what may be left out, and may be out of range.
func duration(name string, d *durationpb.Duration) (time.Duration, error) {
	if d == nil {
		return 0, nil
	}
	if err := d.CheckValid(); err != nil {
		return 0, service.Invalid("%s: %v", name, err)
	}
	return d.AsDuration(), nil
}

func instant(name string, t *timestamppb.Timestamp) (time.Time, error) {
	if t == nil {
		return time.Time{}, nil
	}
	if err := t.CheckValid(); err != nil {
		return time.Time{}, service.Invalid("%s: %v", name, err)
	}
	return t.AsTime(), nil
}

func taskOf(i tasks.Info) *remudav1.Task {
	return &remudav1.Task{
		Id: string(i.ID), Kind: i.ID.Kind(), State: stateOf(i.State), Attempts: small(i.Attempts), Pushed: stamp(i.Pushed), Due: stamp(i.Due),
		Updated: stamp(i.Updated), Expires: stamp(i.Expires), Key: i.Key, Reason: i.Reason, Stack: i.Stack, Progress: i.Progress, Note: i.Note,
	}
}

func eventOf(e tasks.Event) *remudav1.Event {
	return &remudav1.Event{
		Id: string(e.ID), State: stateOf(e.State), Attempts: small(e.Attempts), Reason: e.Reason, Progress: e.Progress, Note: e.Note, At: stamp(e.At),
	}
}

func kindOf(k tasks.KindInfo) *remudav1.Kind {
	return &remudav1.Kind{
		Kind: k.Kind, Waiting: int64(k.Waiting), Running: int64(k.Running), Scheduled: int64(k.Scheduled), Dead: int64(k.Dead),
		MaxQueued: int64(k.MaxQueued), MaxRunning: int64(k.MaxRunning), Oldest: durationpb.New(k.Oldest), Paused: k.Paused, Handled: k.Handled,
	}
}

func entryOf(e tasks.CronEntry) *remudav1.CronEntry {
	return &remudav1.CronEntry{Kind: e.Kind, Name: e.Name, Spec: e.Spec.Expr, Zone: e.Spec.Zone, Input: e.Input, Next: stamp(e.Next)}
}

func filterOf(r *remudav1.ListRequest) (f tasks.Filter, err error) {
	f = tasks.Filter{Kind: r.GetKind(), Limit: int(r.GetLimit())}
	for _, s := range r.GetStates() {
		f.States = append(f.States, stateFrom(s))
	}
	if text := r.GetReason(); text != "" {
		if f.Reason, err = regexp.Compile(text); err != nil {
			return f, service.Invalid("reason: %v", err)
		}
	}
	if f.Before, err = instant("before", r.GetBefore()); err != nil {
		return f, err
	}
	f.After, err = instant("after", r.GetAfter())
	return f, err
}
