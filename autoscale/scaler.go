package autoscale

import (
	"errors"
	"fmt"
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

	// spare is the part of the workers that is busy on average where the scaler is free to
	// choose their number. It keeps workers that are more than that, and fewer than are
	// busy: their number would swing with the load.
	spare = 0.9

	// remembered is how much of what was seen counts after the next decision.
	remembered = 0.5

	// full is the part of the workers that must be busy for more to be added although no
	// input is seen to wait, since senders may wait: one more for each growth of them.
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

	// futile is that since the last decision inputs waited while a worker was free. They
	// wait for something else then: their key, or more inputs for their batch.
	futile bool
}

// A load is what a pool has done in some time.
type load struct {
	seconds       float64
	completed     float64
	workerSeconds float64 // time that the workers had, all together
	busySeconds   float64 // and that they were busy
}

// add adds what came next. What was before counts that much.
func (l *load) add(o load, weight float64) {
	l.seconds = l.seconds*weight + o.seconds
	l.completed = l.completed*weight + o.completed
	l.workerSeconds = l.workerSeconds*weight + o.workerSeconds
	l.busySeconds = l.busySeconds*weight + o.busySeconds
}

// begin is the first look. The workers that there are count as wanted.
func (s *scaler) begin(now time.Time, first remuda.Stats) {
	s.at, s.last, s.recent = now, first, []int{first.Workers}
	s.futile = isFutile(first)
}

// look notes what has happened since the last look.
func (s *scaler) look(now time.Time, next remuda.Stats) {
	took := now.Sub(s.at).Seconds()
	busy := float64(s.last.Busy+next.Busy) / 2
	s.now.add(load{
		seconds:       took,
		completed:     float64(ended(next) - ended(s.last)),
		workerSeconds: float64(s.last.Workers) * took,
		busySeconds:   busy * took,
	}, 1)
	s.at, s.last = now, next
	s.futile = s.futile || isFutile(next)
}

func ended(s remuda.Stats) uint64 { return s.Succeeded + s.Failed + s.Dropped }

// isFutile reports whether inputs wait that more workers could not run.
func isFutile(s remuda.Stats) bool { return s.Queued > 0 && s.Busy < s.Workers }

// resize gives the pool as many workers as it should have, or the number next to that
// which its own Min and Max allow. Those it remembers in cfg.
func (s *scaler) resize(pool Pool) error {
	for n := s.workers(); n != s.last.Workers; {
		err := pool.Resize(n)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, remuda.ErrMaxReached) && n > s.cfg.Min:
			n--
			s.cfg.Max = n
		case errors.Is(err, remuda.ErrMinReached) && n < s.cfg.Max:
			n++
			s.cfg.Min = n
		default:
			return fmt.Errorf("remuda: autoscale to %d workers: %w", n, err)
		}
	}
	return nil
}

// workers decides how many workers there should be.
func (s *scaler) workers() int {
	isFull := s.now.busySeconds > full*s.now.workerSeconds
	s.seen.add(s.now, remembered)
	needed, wanted := s.needed(isFull)
	s.now, s.futile = load{}, false
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
// is up to the scaler. As many as were busy are needed, and more for the inputs that
// wait.
func (s *scaler) needed(isFull bool) (needed, wanted int) {
	busy := float64(s.last.Busy)
	if s.seen.seconds > 0 {
		busy = s.seen.busySeconds / s.seen.seconds
	}
	more := s.more()
	needed = ceil(busy + more)
	wanted = ceil(busy/spare + more)
	if has := s.last.Workers; isFull {
		needed = max(needed, has+max(1, has/growth))
		wanted = max(wanted, needed)
	}
	return needed, wanted
}

// more returns how many workers are needed for the inputs that wait for too long: as many
// as run these until the next decision, but no more than one for each. If more arrive than
// the workers can run, that is what has piled up since the last decision, so their number
// is right at once.
func (s *scaler) more() float64 {
	queued := float64(s.last.Queued)
	switch {
	case s.futile:
		return 0
	case s.seen.completed == 0: // nobody knows how long jobs take
		return min(queued, float64(s.last.Workers))
	}
	mayWait := s.seen.completed / s.seen.seconds * s.cfg.Target.Seconds()
	tooLong := max(queued-mayWait, 0)
	perRun := s.seen.busySeconds / s.seen.completed
	return min(tooLong*perRun/max(s.cfg.Target, s.cfg.Every).Seconds(), tooLong)
}

// ceil rounds up, but for what is left of an inexact calculation.
func ceil(x float64) int { return int(min(math.Ceil(x-1e-6), math.MaxInt32)) }
