package page

import (
	"cmp"
	"slices"
	"time"

	"github.com/remuda-go/remuda/tasks"
)

const (
	failingShown = 30
	runningShown = 50
)

// A State is what the page shows of everything.
type State struct {
	Now      time.Time `json:"now,omitzero"`
	Since    time.Time `json:"since"` // since when things are recorded
	Control  bool      `json:"control"`
	Trouble  string    `json:"trouble,omitempty"` // with the store
	Problems []Problem `json:"problems"`
	Kinds    []Kind    `json:"kinds"`
	Failing  []Failing `json:"failing"`
	Running  []Running `json:"running"` // in this process, the longest first
	RunsHere int       `json:"runs_here"`
}

// A Kind is the state of a kind, and its last hour.
type Kind struct {
	Kind       string  `json:"kind"`
	Waiting    int     `json:"waiting"`
	Running    int     `json:"running"`
	Scheduled  int     `json:"scheduled"`
	Dead       int     `json:"dead"`
	MaxQueued  int     `json:"max_queued"`
	MaxRunning int     `json:"max_running,omitempty"`
	Oldest     float64 `json:"oldest"` // seconds
	Paused     bool    `json:"paused"`
	Handled    bool    `json:"handled"`

	Done   int     `json:"done"`   // in the last hour
	Failed int     `json:"failed"` // attempts
	Died   int     `json:"died"`
	P50    float64 `json:"p50"` // seconds that a run takes, in this process
	P95    float64 `json:"p95"`

	recent recent
	runs   uint64
}

// recent is what happened in the last ten minutes.
type recent struct{ done, failed, dead int }

const recentMinutes = 10

// A Running is a run that goes on in this process.
type Running struct {
	ID       tasks.ID  `json:"id"`
	Attempt  int       `json:"attempt"`
	Begun    time.Time `json:"begun"`
	Slow     bool      `json:"slow,omitempty"`
	Progress float64   `json:"progress,omitempty"`
	Note     string    `json:"note,omitempty"`
}

// state is what a listener may see.
func (h *History) state(o *Options) State {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	s := State{Now: now, Since: h.began, Control: o.Service.Control, Kinds: []Kind{}, Running: []Running{}}
	if h.trouble != nil {
		s.Trouble = h.trouble.Error()
	}
	for _, k := range h.kinds {
		if o.sees(k.Kind) {
			s.Kinds = append(s.Kinds, h.kindLocked(k, now))
		}
	}
	s.Failing = h.reasons.shown(now, o.sees)
	s.Failing = s.Failing[:min(len(s.Failing), failingShown)]
	h.runningLocked(&s, o, now)
	s.Problems = problems(&s, now)
	return s
}

func (h *History) kindLocked(k tasks.KindInfo, now time.Time) Kind {
	one := Kind{
		Kind: k.Kind, Waiting: k.Waiting, Running: k.Running, Scheduled: k.Scheduled, Dead: k.Dead, MaxQueued: k.MaxQueued,
		MaxRunning: k.MaxRunning, Oldest: k.Oldest.Seconds(), Paused: k.Paused, Handled: k.Handled,
	}
	var took durations
	h.hour(k.Kind).each(now, func(i int, m *minute) {
		one.Done += int(m.done)
		one.Failed += int(m.failed)
		one.Died += int(m.dead)
		if i >= minutesKept-recentMinutes {
			one.recent.done += int(m.done)
			one.recent.failed += int(m.failed)
			one.recent.dead += int(m.dead)
		}
		took.merge(&m.took)
	})
	one.runs, one.P50, one.P95 = took.total(), took.quantile(0.5).Seconds(), took.quantile(0.95).Seconds()
	return one
}

func (h *History) runningLocked(s *State, o *Options, now time.Time) {
	kinds := make(map[string]*Kind, len(s.Kinds))
	for i := range s.Kinds {
		kinds[s.Kinds[i].Kind] = &s.Kinds[i]
	}
	for id, r := range h.running.active {
		if !o.sees(id.Kind()) {
			continue
		}
		s.Running = append(s.Running, Running{
			ID: id, Attempt: r.attempt, Begun: r.begun, Slow: slow(kinds[id.Kind()], now.Sub(r.begun)), Progress: r.progress, Note: cut(r.note, reasonShown),
		})
	}
	s.RunsHere = len(s.Running)
	slices.SortFunc(s.Running, func(a, b Running) int {
		return cmp.Or(a.Begun.Compare(b.Begun), cmp.Compare(a.ID, b.ID))
	})
	s.Running = s.Running[:min(len(s.Running), runningShown)]
}

const (
	slowTimes = 2           // as long as 95 % of the runs
	slowLeast = time.Second // whatever the others take
	slowRuns  = 20          // that it takes to know what is usual
)

// slow reports whether a run goes on for much longer than is usual for its kind.
func slow(k *Kind, went time.Duration) bool {
	return k != nil && k.runs >= slowRuns && went > slowLeast && went.Seconds() > slowTimes*k.P95
}

// An Hour is the last hour of a kind by the minute, the oldest first. What was not
// sampled is -1.
type Hour struct {
	Kind    string               `json:"kind"`
	Done    [minutesKept]int     `json:"done"`
	Failed  [minutesKept]int     `json:"failed"`
	Waiting [minutesKept]int     `json:"waiting"`
	Running [minutesKept]int     `json:"running"`
	P95     [minutesKept]float64 `json:"p95"` // seconds
}

// hoursOf are those of the kinds that a listener may see.
func (h *History) hoursOf(o *Options) []Hour {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	all := []Hour{}
	for _, k := range h.kinds {
		if !o.sees(k.Kind) {
			continue
		}
		one := Hour{Kind: k.Kind}
		h.hour(k.Kind).each(now, func(i int, m *minute) {
			one.Done[i], one.Failed[i] = int(m.done), int(m.failed)
			one.Waiting[i], one.Running[i] = m.waiting, m.running
			one.P95[i] = m.took.quantile(0.95).Seconds()
			if !m.known {
				one.Waiting[i], one.Running[i] = -1, -1
			}
		})
		all = append(all, one)
	}
	return all
}
