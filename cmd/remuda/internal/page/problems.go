package page

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/remuda-go/remuda/tasks"
)

// A Problem is what somebody should look at.
type Problem struct {
	Kind string `json:"kind"`
	Bad  bool   `json:"bad"` // tasks are being lost to failures, or nothing runs
	Text string `json:"text"`
	// State is that of the tasks that it is about, of which the page has a list.
	State tasks.State `json:"state"`
}

const (
	longWait   = 10 * time.Minute // of the oldest task
	fullShare  = 0.8              // of MaxQueued
	failShare  = 0.1              // of the runs of the last ten minutes
	shownPlace = time.Second
)

// problems are those of the kinds, the bad ones first.
func problems(s *State, now time.Time) []Problem {
	all := []Problem{}
	for i := range s.Kinds {
		k := &s.Kinds[i]
		add := func(bad bool, state tasks.State, format string, args ...any) {
			all = append(all, Problem{Kind: k.Kind, Bad: bad, State: state, Text: fmt.Sprintf(format, args...)})
		}
		k.stuck(add)
		k.failing(add)
	}
	slowest := make(map[string]int)
	for _, r := range s.Running {
		if kind := r.ID.Kind(); r.Slow {
			if slowest[kind]++; slowest[kind] == 1 {
				text := fmt.Sprintf("is slow: %s has run for %v", r.ID.Name(), now.Sub(r.Begun).Truncate(shownPlace))
				all = append(all, Problem{Kind: kind, Text: text, State: tasks.Running})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Problem) int { return cmp.Compare(rank(a), rank(b)) })
	return all
}

func rank(p Problem) int {
	if p.Bad {
		return 0
	}
	return 1
}

// An addFunc adds a problem of a kind.
type addFunc = func(bad bool, state tasks.State, format string, args ...any)

// stuck is what keeps tasks from being run.
func (k *Kind) stuck(add addFunc) {
	oldest := time.Duration(k.Oldest * float64(time.Second)).Truncate(shownPlace)
	queued := k.Waiting + k.Running
	switch {
	case k.Paused:
		add(k.Waiting > 0, tasks.Waiting, "is paused; %d waiting", k.Waiting)
	case !k.Handled && queued > 0:
		add(true, tasks.Waiting, "has no worker; %d waiting", k.Waiting)
	case k.Waiting > 0 && oldest >= longWait:
		add(false, tasks.Waiting, "is behind: the oldest task that waits or runs was pushed %v ago", oldest)
	}
	if k.MaxQueued > 0 && float64(queued) >= fullShare*float64(k.MaxQueued) {
		add(true, tasks.Waiting, "is nearly full: %d of %d; pushes beyond that are refused", queued, k.MaxQueued)
	}
}

// failing is what fails now, and what is dead.
func (k *Kind) failing(add addFunc) {
	r := k.recent
	if r.failed > 0 && float64(r.failed) >= failShare*float64(r.done+r.failed) {
		add(true, tasks.Retrying, "fails: %d of %d runs in the last ten minutes", r.failed, r.done+r.failed)
	}
	if k.Dead > 0 {
		add(r.dead > 0, tasks.Dead, "has %d dead%s", k.Dead, lately(min(k.Died, k.Dead), k.Dead))
	}
}

// lately says how many of all have died in the last hour.
func lately(died, all int) string {
	switch {
	case died == 0:
		return ""
	case died < all:
		return fmt.Sprintf(", %d of them from the last hour", died)
	case all == 1:
		return ", from the last hour"
	}
	return ", all from the last hour"
}
