package remuda

import "github.com/remuda-go/remuda/internal/runstate"

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
