package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/remuda-go/remuda/tasks"
)

// longestWait bounds the parameter wait.
const longestWait = time.Minute

// task answers with what is known of a task, and its output once it is done. With
// wait=30s it waits so long for its end.
func (a *api) task(w http.ResponseWriter, r *http.Request) error {
	id, k, err := a.id(r)
	if err != nil {
		return err
	}
	query, err := params(r, "wait")
	if err != nil {
		return err
	}
	if text := query["wait"]; text != "" {
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 || d > longestWait {
			return invalid("wait=%q: want a duration of at most %v", text, longestWait)
		}
		if err := a.wait(r.Context(), k, id, d); err != nil {
			return err
		}
	}
	info, err := a.Client.Info(r.Context(), id)
	if err != nil {
		return err
	}
	t := TaskOf(info)
	if info.State == tasks.Done {
		out, err := k.Result(r.Context(), a.Client, id)
		if err != nil {
			return err
		}
		t.SetOutput(out)
	}
	writeJSON(w, http.StatusOK, t)
	return nil
}

// wait waits for the end of the task, whatever it is, or until d has passed.
func (a *api) wait(ctx context.Context, k KindOf, id tasks.ID, d time.Duration) error {
	bound, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	_, err := k.Wait(bound, a.Client, id)
	var ended *tasks.TaskError
	if errors.As(err, &ended) || bound.Err() != nil && ctx.Err() == nil {
		return nil
	}
	return err
}

// output answers with the bytes of the output alone.
func (a *api) output(w http.ResponseWriter, r *http.Request) error {
	id, k, err := a.id(r)
	if err != nil {
		return err
	}
	out, err := k.Result(r.Context(), a.Client, id)
	var ended *tasks.TaskError
	switch {
	case errors.Is(err, tasks.ErrNotDone), errors.As(err, &ended):
		return &Problem{Status: http.StatusConflict, Code: CodeState, Text: err.Error(), ID: id}
	case err != nil:
		return err
	}
	w.Header().Set("Content-Type", "application/octet-stream") // a browser must not take it for a page
	w.Header().Set("Content-Length", strconv.Itoa(len(out)))
	_, _ = w.Write(out)
	return nil
}

// list answers with a task a line. An error that comes later is the last line.
func (a *api) list(w http.ResponseWriter, r *http.Request) error {
	f, payload, err := filterOf(r)
	if err != nil {
		return err
	}
	if f.Kind != "" {
		if _, err := a.kind(f.Kind); err != nil {
			return err
		}
	}
	limit := f.Limit
	f.Limit = 0 // tasks of other kinds do not count
	lines := &lines{w: w}
	visit := func(t Task, err error) bool {
		if err != nil {
			lines.fail(err)
			return false
		}
		if _, ok := a.Kind(t.Kind); !ok {
			return true
		}
		return lines.write(t) && (limit == 0 || lines.n < limit)
	}
	if payload {
		for d, err := range a.Client.Dead(r.Context(), f) {
			t := TaskOf(d.Info)
			t.SetPayload(d.Payload)
			if !visit(t, err) {
				break
			}
		}
	} else {
		for i, err := range a.Client.List(r.Context(), f) {
			if !visit(TaskOf(i), err) {
				break
			}
		}
	}
	lines.end()
	return nil
}

// lines writes JSON, one value a line.
type lines struct {
	w http.ResponseWriter
	n int
}

func (l *lines) end() {
	if l.n == 0 {
		l.w.Header().Set("Content-Type", "application/x-ndjson")
	}
}

func (l *lines) write(v any) bool {
	l.end()
	l.n++
	return json.NewEncoder(l.w).Encode(v) == nil
}

func (l *lines) fail(err error) {
	if l.n == 0 {
		writeProblem(l.w, err)
	} else {
		l.write(problemOf(err))
	}
	l.n++
}

var states = []tasks.State{
	tasks.Waiting, tasks.Scheduled, tasks.Running, tasks.Retrying, tasks.Done, tasks.Dead, tasks.Cancelled, tasks.Expired,
}

func filterOf(r *http.Request) (f tasks.Filter, payload bool, err error) {
	query, err := params(r, "kind", "state", "reason", "before", "after", "limit", "payload")
	if err != nil {
		return f, false, err
	}
	f.Kind = query["kind"]
	if text := query["state"]; text != "" {
		for name := range strings.SplitSeq(text, ",") {
			if f.States = append(f.States, tasks.State(name)); !known(tasks.State(name)) {
				return f, false, invalid("state=%q: there are %v", name, states)
			}
		}
	}
	if f.Reason, err = regexpOf(query["reason"]); err != nil {
		return f, false, invalid("reason: %v", err)
	}
	if f.Limit, err = strconv.Atoi(zeroIfEmpty(query["limit"])); err != nil || f.Limit < 0 {
		return f, false, invalid("limit=%q is no number", query["limit"])
	}
	if f.Before, err = timeOf(query["before"]); err != nil {
		return f, false, err
	}
	if f.After, err = timeOf(query["after"]); err != nil {
		return f, false, err
	}
	payload = query["payload"] == "true"
	if payload && query["state"] != string(tasks.Dead) {
		return f, false, invalid("payload=true needs state=dead")
	}
	return f, payload, nil
}

func known(s tasks.State) bool {
	for _, one := range states {
		if s == one {
			return true
		}
	}
	return false
}

func regexpOf(text string) (*regexp.Regexp, error) {
	if text == "" {
		return nil, nil
	}
	return regexp.Compile(text)
}

func zeroIfEmpty(text string) string {
	if text == "" {
		return "0"
	}
	return text
}

func timeOf(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return t, invalid("%q is no time: want one such as 2026-01-02T15:04:05Z", text)
	}
	return t, nil
}

// kinds answers with the state of each kind.
func (a *api) kinds(w http.ResponseWriter, r *http.Request) error {
	all, err := a.Client.Kinds(r.Context())
	if err != nil {
		return err
	}
	kinds := make([]Kind, 0, len(all))
	for _, k := range all {
		if _, ok := a.Kind(k.Kind); !ok {
			continue
		}
		kinds = append(kinds, Kind{
			Kind: k.Kind, Waiting: k.Waiting, Running: k.Running, Scheduled: k.Scheduled, Dead: k.Dead, MaxQueued: k.MaxQueued,
			MaxRunning: k.MaxRunning, Oldest: k.Oldest.Seconds(), Paused: k.Paused, Handled: k.Handled,
		})
	}
	writeJSON(w, http.StatusOK, kinds)
	return nil
}

// health writes to the store.
func (a *api) health(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := a.Client.Health(ctx); err != nil {
		return &Problem{Status: http.StatusServiceUnavailable, Code: CodeInternal, Text: err.Error()}
	}
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	return nil
}
