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
	Total int        `json:"total"` // that were seen
	Cut   bool       `json:"cut"`   // there was no time to see all
	Took  float64    `json:"took"`  // seconds
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
	first := state == tasks.Waiting || state == tasks.Scheduled // they come in the order in which they will run
	running := s.h.runningIDs()
	for info, err := range s.h.client.List(bound, tasks.Filter{Kind: kind, States: []tasks.State{state}}) {
		switch {
		case err != nil && bound.Err() != nil && ctx.Err() == nil:
			list.Cut = true
			return list.turned(first), nil
		case err != nil:
			return nil, err
		case !s.sees(info.ID.Kind()) || running[info.ID]:
			continue
		}
		list.Total++
		if first && list.Total > listShown {
			list.Cut = true
			return list, nil
		}
		list.add(api.TaskOf(info))
	}
	return list.turned(first), nil
}

// add keeps the last ones.
func (l *List) add(t api.Task) {
	t.Reason, t.Stack = cut(t.Reason, listReason), ""
	if l.Tasks = append(l.Tasks, t); len(l.Tasks) >= 2*listShown {
		l.Tasks = slices.Delete(l.Tasks, 0, len(l.Tasks)-listShown)
	}
}

// turned puts the last ones first, unless they are to stay as they are.
func (l *List) turned(stay bool) *List {
	l.Tasks = l.Tasks[max(0, len(l.Tasks)-listShown):]
	if !stay {
		slices.Reverse(l.Tasks)
	}
	return l
}

// runningIDs are those of the runs that go on in this process. In the store, they
// wait.
func (h *History) runningIDs() map[tasks.ID]bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make(map[tasks.ID]bool, len(h.running.active))
	for id := range h.running.active {
		all[id] = true
	}
	return all
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
