package remuda

import (
	"time"

	"github.com/remuda-go/remuda/internal/runstate"
	"github.com/remuda-go/remuda/internal/sampling"
)

// What a Middleware may implement, whose first call of Info.Queued would come
// too late for the first inputs.
type (
	wantsQueueTime interface{ WantsQueueTime() bool }

	// samplesQueueTime is for those of this module for which a sample will do,
	// which they find in the runstate.
	samplesQueueTime interface{ SamplesQueueTime() bool }
)

// timingFor returns what mws ask for.
func timingFor(mws []Middleware) uint32 {
	t := runstate.Untimed
	for _, mw := range mws {
		if w, ok := mw.(wantsQueueTime); ok && w.WantsQueueTime() {
			return runstate.Timed
		}
		if w, ok := mw.(samplesQueueTime); ok && w.SamplesQueueTime() {
			t = runstate.Sampled
		}
	}
	return t
}

// A stamp is when an input was accepted, by home.now. It is 0 if that was not
// taken, and negative if it stands for others, too: for sampling.Stride inputs in
// all, or in a stream for those of its batch.
type stamp int64

// waited returns how long an input has waited by now, and how many inputs that
// stands for.
func (s stamp) waited(h *home) (d time.Duration, inputs uint32) {
	if s < 0 {
		return time.Duration(h.now() + int64(s)), sampling.Stride
	}
	return time.Duration(h.now() - int64(s)), 1
}

// stamper makes the stamps of a pool. Pool.mu guards it.
type stamper struct {
	sampler sampling.Sampler
	last    int64 // when it took the time last
}

// stamp returns the stamp of an input that is accepted now.
func (s *stamper) stamp(h *home, timing uint32) stamp {
	if timing == runstate.Timed {
		return stamp(h.now())
	}
	if !s.sampler.Due() {
		return 0
	}
	now := h.now()
	since := time.Duration(now - s.last)
	s.last = now
	if s.sampler.Took(since) > 1 {
		return stamp(-now)
	}
	return stamp(now)
}
