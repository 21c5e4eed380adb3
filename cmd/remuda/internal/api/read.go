package api

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/remuda-go/remuda/cmd/remuda/internal/service"
	"github.com/remuda-go/remuda/tasks"
)

// task answers with what is known of a task, and its output once it is done. With
// wait=30s it waits so long for its end.
func (a *api) task(w http.ResponseWriter, r *http.Request) error {
	query, err := params(r, "wait")
	if err != nil {
		return err
	}
	wait, err := durationOf("wait", query["wait"])
	if err != nil {
		return err
	}
	info, out, err := a.service.Task(r.Context(), idOf(r), wait)
	if err != nil {
		return err
	}
	t := TaskOf(info)
	if info.State == tasks.Done {
		t.SetOutput(out)
	}
	writeJSON(w, http.StatusOK, t)
	return nil
}

// output answers with the bytes of the output alone.
func (a *api) output(w http.ResponseWriter, r *http.Request) error {
	if _, err := params(r); err != nil {
		return err
	}
	out, err := a.service.Output(r.Context(), idOf(r))
	if err != nil {
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
	lines := &lines{w: w}
	for one, err := range a.service.List(r.Context(), f, payload) {
		if err != nil {
			lines.fail(err)
			return nil
		}
		t := TaskOf(one.Info)
		if payload {
			t.SetPayload(one.Payload)
		}
		if !lines.write(t) {
			return nil
		}
	}
	lines.begin()
	return nil
}

// lines writes JSON, one value a line.
type lines struct {
	w     http.ResponseWriter
	begun bool
}

func (l *lines) begin() {
	if !l.begun {
		l.w.Header().Set("Content-Type", "application/x-ndjson")
	}
	l.begun = true
}

func (l *lines) write(v any) bool {
	l.begin()
	return json.NewEncoder(l.w).Encode(v) == nil
}

func (l *lines) fail(err error) {
	if l.begun {
		l.write(service.ProblemOf(err))
		return
	}
	writeProblem(l.w, err)
}

func filterOf(r *http.Request) (f tasks.Filter, payload bool, err error) {
	query, err := params(r, "kind", "state", "reason", "before", "after", "limit", "payload")
	if err != nil {
		return f, false, err
	}
	f.Kind = query["kind"]
	if text := query["state"]; text != "" {
		for name := range strings.SplitSeq(text, ",") {
			f.States = append(f.States, tasks.State(name))
		}
	}
	if text := query["reason"]; text != "" {
		if f.Reason, err = regexp.Compile(text); err != nil {
			return f, false, service.Invalid("reason: %v", err)
		}
	}
	if f.Limit, err = numberOf("limit", query["limit"]); err != nil {
		return f, false, err
	}
	if f.Before, err = timeOf("before", query["before"]); err != nil {
		return f, false, err
	}
	if f.After, err = timeOf("after", query["after"]); err != nil {
		return f, false, err
	}
	switch query["payload"] {
	case "", "false":
	case "true":
		payload = true
	default:
		return f, false, service.Invalid("payload=%q: want true or false", query["payload"])
	}
	return f, payload, nil
}

// kinds answers with the state of each kind.
func (a *api) kinds(w http.ResponseWriter, r *http.Request) error {
	if _, err := params(r); err != nil {
		return err
	}
	all, err := a.service.Kinds(r.Context())
	if err != nil {
		return err
	}
	kinds := make([]Kind, 0, len(all))
	for _, k := range all {
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
	if _, err := params(r); err != nil {
		return err
	}
	if err := a.service.Health(r.Context()); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, Health{Status: "ok"})
	return nil
}
