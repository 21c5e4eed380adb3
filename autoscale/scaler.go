package autoscale

import (
	"math"
	"slices"
	"time"

	"github.com/remuda-go/remuda"
)

const (
	// looks is how many times Run looks at a pool for each decision.
	looks = 10

	// calm is for how many decisions workers must not have been needed before they go.
	calm = 10

	// spare is the part of the workers that may be busy on average where it chooses how
	// many there are. Where they exceed what is needed by less than that, they stay: their
	// number would swing with the load.
	spare = 0.9

	// remembered is how much of what was seen counts after the next decision.
	remembered = 0.5

	// full is the part of the workers that is busy when it adds one for each so many of
	// them, although none may be seen to wait: senders may.
	full   = 0.95
	growth = 8
)

// A scaler decides how many workers a pool should have, from its Stats.
type scaler struct {
	cfg Config

	at     time.Time
	last   remuda.Stats
	now    load  // since the last decision
	seen   load  // before it: the older, the less it counts
	recent []int // what was wanted at the last decisions
}

// A load is what a pool has done in some time.
type load struct {
	seconds   float64
	completed float64
	there     float64 // seconds of workers that there were
	busy      float64 // and of those that were busy
}

// add adds what came next. What was before counts that much.
func (l *load) add(o load, weight float64) {
	l.seconds = l.seconds*weight + o.seconds
	l.completed = l.completed*weight + o.completed
	l.there = l.there*weight + o.there
	l.busy = l.busy*weight + o.busy
}

// begin is the first look. The workers that there are count as wanted.
func (s *scaler) begin(now time.Time, first remuda.Stats) {
	s.at, s.last, s.recent = now, first, []int{first.Workers}
}

// look notes what has happened since the last look.
func (s *scaler) look(now time.Time, next remuda.Stats) {
	took := now.Sub(s.at).Seconds()
	running := float64(s.last.Running+next.Running) / 2
	s.now.add(load{
		seconds:   took,
		completed: float64(ended(next) - ended(s.last)),
		there:     float64(s.last.Workers) * took,
		busy:      running * took,
	}, 1)
	s.at, s.last = now, next
}

func ended(s remuda.Stats) uint64 { return s.Succeeded + s.Failed + s.Dropped }

// workers decides how many workers there should be.
func (s *scaler) workers() int {
	isFull := s.now.busy > full*s.now.there
	s.seen.add(s.now, remembered)
	s.now = load{}
	needed, wanted := s.needed(isFull)
	has := s.last.Workers
	n := wanted
	if needed <= has {
		n = min(has, max(wanted, slices.Max(s.recent)))
	}
	if s.recent = append(s.recent, wanted); len(s.recent) > calm {
		s.recent = s.recent[1:]
	}
	return min(max(n, s.cfg.Min), s.cfg.Max)
}

// needed returns how many workers are needed at least, and how many are to be had if it
// is up to the scaler. Those that were busy are needed, and more for the inputs that wait
// for too long: as many as run these until the next decision, but no more than one for
// each. If more arrive than the workers can run, that is what has piled up since the last
// decision, so their number is right at once.
func (s *scaler) needed(isFull bool) (needed, wanted int) {
	queued, has := float64(s.last.Queued), s.last.Workers
	more := 0.0
	if s.seen.completed > 0 {
		mayWait := s.seen.completed / s.seen.seconds * s.cfg.Target.Seconds()
		tooLong := max(queued-mayWait, 0)
		perRun := s.seen.busy / s.seen.completed
		more = min(tooLong*perRun/max(s.cfg.Target, s.cfg.Every).Seconds(), tooLong)
	} else { // jobs take longer than this; nobody knows how long
		more = min(queued, float64(has))
	}
	busy := float64(s.last.Running)
	if s.seen.seconds > 0 {
		busy = s.seen.busy / s.seen.seconds
	}
	needed = ceil(busy + more)
	wanted = ceil(busy/spare + more)
	if isFull {
		needed = max(needed, has+max(1, has/growth))
		wanted = max(wanted, needed)
	}
	return needed, wanted
}

// ceil rounds up, but for what is left of an inexact calculation.
func ceil(x float64) int { return int(min(math.Ceil(x-1e-6), math.MaxInt32)) }
