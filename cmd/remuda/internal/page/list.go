package page

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/remuda-go/remuda/cmd/remuda/internal/api"
	"github.com/remuda-go/remuda/cmd/remuda/internal/service"
	"github.com/remuda-go/remuda/tasks"
)

const (
	listShown  = 100
	scanTime   = 3 * time.Second // that reading the tasks may take
	listReason = 300
)

// A List is tasks in one state.
type List struct {
	Tasks []api.Task `json:"tasks"`
	Total int        `json:"total"`
	Cut   bool       `json:"cut"`  // there are more than Total
	Took  float64    `json:"took"` // seconds
}

// listed are the states that can be asked for.
var listed = []tasks.State{
	tasks.Dead, tasks.Retrying, tasks.Running, tasks.Waiting, tasks.Scheduled, tasks.Done, tasks.Cancelled, tasks.Expired,
}

// tasks answers with tasks in a state: those that changed last, or of those that have
// yet to be run, the first.
func (s *server) tasks(w http.ResponseWriter, r *http.Request) {
	state, kind := tasks.State(r.FormValue("state")), r.FormValue("kind")
	if !slices.Contains(listed, state) {
		writeProblem(w, service.Invalid("state=%q: there are %v", state, listed))
		return
	}
	if kind != "" && !s.sees(kind) {
		writeProblem(w, notFound("no such kind: %q", kind))
		return
	}
	select { // one at a time: it reads all records of a kind
	case s.h.scan <- struct{}{}:
		defer func() { <-s.h.scan }()
	case <-r.Context().Done():
		return
	}
	begun := time.Now()
	list, err := s.list(r.Context(), state, kind)
	if err != nil {
		writeProblem(w, err)
		return
	}
	list.Took = time.Since(begun).Seconds()
	writeJSON(w, list)
}

func (s *server) list(ctx context.Context, state tasks.State, kind string) (*List, error) {
	if state == tasks.Running {
		return s.runningHere(kind), nil
	}
	bound, cancel := context.WithTimeout(ctx, scanTime)
	defer cancel()
	list := &List{Tasks: []api.Task{}}
	f := tasks.Filter{Kind: kind, States: []tasks.State{state}}
	first := state == tasks.Waiting || state == tasks.Scheduled // they come in the order in which they will run
	if !first {
		f.Limit = listShown + 1
	}
	for t, err := range s.Service.List(bound, f, false) {
		if err != nil && bound.Err() != nil && ctx.Err() == nil {
			list.Cut = true // there was no time to see all
			break
		}
		if err != nil {
			return nil, err
		}
		one := api.TaskOf(t.Info)
		one.Reason, one.Stack = cut(one.Reason, listReason), ""
		if list.Tasks = append(list.Tasks, one); len(list.Tasks) > listShown {
			list.Cut = true
			if first {
				break
			}
		}
	}
	if !first {
		slices.Reverse(list.Tasks)
	}
	list.Tasks = list.Tasks[:min(len(list.Tasks), listShown)]
	list.Total = len(list.Tasks)
	return list, nil
}

func (s *server) runningHere(kind string) *List {
	state := s.h.state(s.Options)
	list := &List{Tasks: []api.Task{}, Total: state.RunsHere}
	for _, r := range state.Running {
		if k := r.ID.Kind(); kind == "" || k == kind {
			list.Tasks = append(list.Tasks, api.Task{
				ID: r.ID, Kind: k, State: tasks.Running, Attempts: r.Attempt - 1, Updated: r.Begun, Progress: r.Progress, Note: r.Note,
			})
		}
	}
	if kind != "" {
		list.Total = len(list.Tasks)
	}
	list.Cut = len(list.Tasks) < list.Total
	return list
}
