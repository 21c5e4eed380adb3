package page

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/remuda-go/remuda/tasks"
)

const (
	reasonsOfKind = 20 // kept
	reasonShown   = 300
)

// A reason is one that tasks of a kind fail for.
type reason struct {
	text   string // of the last one
	id     tasks.ID
	last   time.Time
	failed counts
	dead   counts
}

// reasons are those of the last hour, by kind and by what they have in common.
type reasons map[string]map[string]*reason

// variable is what differs between failures of the same reason: numbers, and what
// looks like an identifier.
var variable = regexp.MustCompile(`[0-9a-fA-F-]*[0-9][0-9a-fA-F-]*`)

// common is the same for failures that are of the same reason.
func common(text string) string {
	first, _, _ := strings.Cut(text, "\n")
	return cut(variable.ReplaceAllString(first, "#"), reasonShown)
}

func (r reasons) add(e tasks.Event, now time.Time) {
	kind := e.ID.Kind()
	if r[kind] == nil {
		r[kind] = make(map[string]*reason)
	}
	key := common(e.Reason)
	one := r[kind][key]
	if one == nil {
		r.makeRoom(kind)
		one = &reason{}
		r[kind][key] = one
	}
	one.text, one.id, one.last = cut(e.Reason, reasonShown), e.ID, now
	one.failed.add(now)
	if e.State == tasks.Dead {
		one.dead.add(now)
	}
}

// makeRoom drops the reason that was not seen for the longest time.
func (r reasons) makeRoom(kind string) {
	if len(r[kind]) < reasonsOfKind {
		return
	}
	oldest := slices.MinFunc(slices.Collect(maps.Keys(r[kind])), func(a, b string) int {
		return r[kind][a].last.Compare(r[kind][b].last)
	})
	delete(r[kind], oldest)
}

// expire drops what is older than an hour.
func (r reasons) expire(now time.Time) {
	for kind, all := range r {
		maps.DeleteFunc(all, func(_ string, one *reason) bool { return now.Sub(one.last) > minutesKept*time.Minute })
		if len(all) == 0 {
			delete(r, kind)
		}
	}
}

// A Failing is a reason as the page shows it.
type Failing struct {
	Kind   string    `json:"kind"`
	Reason string    `json:"reason"`
	Failed int       `json:"failed"`
	Dead   int       `json:"dead"`
	Last   time.Time `json:"last"`
	ID     tasks.ID  `json:"id"` // of the last one
}

// shown are the reasons of the kinds, the most frequent first.
func (r reasons) shown(now time.Time, kind func(string) bool) []Failing {
	all := []Failing{}
	for name, of := range r {
		if !kind(name) {
			continue
		}
		for _, one := range of {
			all = append(all, Failing{
				Kind: name, Reason: one.text, Failed: one.failed.sum(now), Dead: one.dead.sum(now), Last: one.last, ID: one.id,
			})
		}
	}
	slices.SortFunc(all, func(a, b Failing) int {
		return cmp.Or(cmp.Compare(b.Failed, a.Failed), b.Last.Compare(a.Last), cmp.Compare(a.ID, b.ID))
	})
	return all
}
