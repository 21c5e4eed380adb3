package page

import (
	"strings"
	"time"

	"github.com/remuda-go/remuda/tasks"
)

const (
	tasksRemembered    = 500 // that have failed, and as many others
	attemptsRemembered = 20  // of one task
	reasonRemembered   = 1 << 10
)

// An attempt is one that has ended.
type attempt struct {
	Attempt int         `json:"attempt"`
	State   tasks.State `json:"state"` // of the task, from then on
	Begun   time.Time   `json:"begun,omitzero"`
	Took    float64     `json:"took,omitempty"` // seconds
	Ended   time.Time   `json:"ended"`
	Reason  string      `json:"reason,omitempty"`
}

// attempts are those of the tasks that have ended or failed last. Tasks that have
// failed are remembered apart, so that those that did not do not push them out.
type attempts struct {
	failed, other *remembered
}

func newAttempts() attempts { return attempts{failed: newRemembered(), other: newRemembered()} }

func (a attempts) add(e tasks.Event, r *run, failed bool) {
	one := attempt{Attempt: e.Attempts, State: e.State, Ended: e.At, Reason: cut(e.Reason, reasonRemembered)}
	if r != nil {
		one.Attempt, one.Begun, one.Took = r.attempt, r.begun, r.took.Seconds()
	}
	if failed || a.failed.has(e.ID) {
		a.failed.add(e.ID, one)
		return
	}
	a.other.add(e.ID, one)
}

func (a attempts) of(id tasks.ID) []attempt {
	if a.failed.has(id) {
		return a.failed.tasks[id]
	}
	return a.other.tasks[id]
}

func (a attempts) forget(id tasks.ID) {
	delete(a.failed.tasks, id)
	delete(a.other.tasks, id)
}

// remembered are the attempts of so many tasks. Another pushes out the first.
type remembered struct {
	tasks map[tasks.ID][]attempt
	order [tasksRemembered]tasks.ID
	next  int
}

func newRemembered() *remembered { return &remembered{tasks: make(map[tasks.ID][]attempt)} }

func (r *remembered) has(id tasks.ID) bool { return len(r.tasks[id]) > 0 }

func (r *remembered) add(id tasks.ID, one attempt) {
	if !r.has(id) {
		delete(r.tasks, r.order[r.next])
		r.order[r.next] = id
		r.next = (r.next + 1) % tasksRemembered
	}
	all := append(r.tasks[id], one)
	r.tasks[id] = all[max(0, len(all)-attemptsRemembered):]
}

// cut returns the first n bytes of s, without half a character at the end.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
