package autoscale

import (
	"errors"
	"fmt"
	"math"
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
	now    load   // since the last decision
	seen   load   // before it: the older, the less it counts
	recent []want // of the last decisions

	// stuck is how many inputs waited when a worker was last seen to be free, or fewer if
	// fewer wait by now. They wait for something else: their key, or more inputs for their
	// batch. Those that are beyond it may wait for a worker.
	stuck int
}

// A want is how many workers were wanted at a decision.
type want struct {
	workers  int
	unqueued int // without those for inputs that waited
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
	s.at, s.last, s.recent = now, first, []want{{first.Workers, first.Workers}}
	s.lookForStuck(first)
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
	s.lookForStuck(next)
}

func ended(s remuda.Stats) uint64 { return s.Succeeded + s.Failed + s.Dropped }

// lookForStuck notes how many inputs wait that more workers could not run. While all
// workers are busy they can't be told from the others. If workers were added for them
// then, those are wanted no more.
func (s *scaler) lookForStuck(now remuda.Stats) {
	if now.Busy >= now.Workers {
		s.stuck = min(s.stuck, now.Queued)
		return
	}
	s.stuck = now.Queued
	if s.stuck > 0 {
		for i, w := range s.recent {
			s.recent[i].workers = w.unqueued
		}
	}
}

// resize gives the pool as many workers as it should have, or the number next to that
// which its own Min and Max allow. Those it remembers in cfg.
func (s *scaler) resize(pool Pool) error {
	for n := s.workers(); n != s.last.Workers; {
		err := pool.Resize(n)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, remuda.ErrPoolClosed): // the usual end
			return err
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
	s.now = load{}
	has := s.last.Workers
	n := wanted.workers
	if needed <= has {
		for _, w := range s.recent {
			n = max(n, w.workers)
		}
		n = min(has, n)
	}
	if s.recent = append(s.recent, wanted); len(s.recent) > calm {
		s.recent = s.recent[1:]
	}
	return min(max(n, s.cfg.Min), s.cfg.Max)
}

// needed returns how many workers are needed at least, and how many are to be had if it
// is up to the scaler. As many as were busy are needed, and more for the inputs that
// wait.
func (s *scaler) needed(isFull bool) (needed int, wanted want) {
	busy := float64(s.last.Busy)
	if s.seen.seconds > 0 {
		busy = s.seen.busySeconds / s.seen.seconds
	}
	more := s.more()
	needed = ceil(busy + more)
	wanted = want{workers: ceil(busy/spare + more), unqueued: ceil(busy / spare)}
	if has := s.last.Workers; isFull {
		grown := has + max(1, has/growth)
		needed = max(needed, grown)
		wanted = want{workers: max(wanted.workers, needed), unqueued: max(wanted.unqueued, grown)}
	}
	return needed, wanted
}

// more returns how many workers are needed for the inputs that wait for too long: as many
// as run these until the next decision, but no more than one for each. If more arrive than
// the workers can run, that is what has piled up since the last decision, so their number
// is right at once.
func (s *scaler) more() float64 {
	queued := float64(s.last.Queued - s.stuck)
	if s.seen.completed == 0 { // nobody knows how long jobs take
		return min(queued, float64(s.last.Workers))
	}
	mayWait := s.seen.completed / s.seen.seconds * s.cfg.Target.Seconds()
	tooLong := max(queued-mayWait, 0)
	perRun := s.seen.busySeconds / s.seen.completed
	return min(tooLong*perRun/max(s.cfg.Target, s.cfg.Every).Seconds(), tooLong)
}

// ceil rounds up, but for what is left of an inexact calculation.
func ceil(x float64) int { return int(min(math.Ceil(x-1e-6), math.MaxInt32)) }
