package dispatch

import (
	"sync/atomic"

	"github.com/remuda-go/remuda/internal/list"
)

// A Batch is inputs that were accepted together and that one worker runs, one
// after the other. Its owner begins them with Next; another worker may split off
// what has not begun. The zero Batch is ready for AcceptBatch.
//
// How far a batch is, and with what outcomes, is one atomic word. So a run costs its
// owner one atomic operation, since to begin an input is to say that the one before
// has ended; and a reader sees numbers that go together.
type Batch struct {
	state   atomic.Uint64
	outcome uint64 // of the input that runs, to be added to state; the owner's

	links list.Links[Batch] // guarded by inMu
}

// MaxBatch is the most inputs in a batch.
const MaxBatch = 1<<field - 2

// The fields of state, from the lowest. In the end, begun is size + 1.
const (
	field = 12 // bits

	sizeShift     = 0 * field
	begunShift    = 1 * field
	failedShift   = 2 * field
	panickedShift = 3 * field
	droppedShift  = 4 * field

	inTurn = 0       // inputs begin one after the other
	atOnce = 1 << 63 // all inputs have begun
)

func get(state uint64, shift int) int { return int(state >> shift & (1<<field - 1)) }

// BeginOne makes b a batch of one input that runs, and that the dispatcher counts in
// another way: Next ends it.
func (b *Batch) BeginOne() {
	b.reset(1, inTurn)
	b.Next()
}

// Next begins the next input, and returns its index, or false if there is none
// left. It is for the owner.
func (b *Batch) Next() (i int, ok bool) {
	s := b.state.Add(1<<begunShift + b.outcome)
	b.outcome = 0
	begun := get(s, begunShift)
	return begun - 1, begun <= get(s, sizeShift)
}

// Count counts the outcome of the input that runs. It is for the owner, and takes
// effect with Next.
func (b *Batch) Count(o Outcome) {
	switch o {
	case Failed:
		b.outcome = 1 << failedShift
	case Panicked:
		b.outcome = 1 << panickedShift
	case Dropped:
		b.outcome = 1 << droppedShift
	}
}

// Progress returns how many inputs have ended, and how many there are. It may be
// called by anyone: outcomes that were written before the Next that made them count
// as ended are seen by the caller.
func (b *Batch) Progress() (ended, size int) {
	s := b.state.Load()
	return endedOf(s), get(s, sizeShift)
}

func endedOf(state uint64) int {
	return min(max(get(state, begunShift)-1, 0), get(state, sizeShift))
}

// Left returns how many inputs have not begun.
func (b *Batch) Left() int { return leftOf(b.state.Load()) }

func leftOf(state uint64) int {
	if state&atOnce != 0 {
		return 0
	}
	return max(get(state, sizeShift)-get(state, begunShift), 0)
}

// tally returns the outcomes so far, and how many inputs wait.
func (b *Batch) tally() (t Tally, queued int) {
	s := b.state.Load()
	t[Failed] = uint64(get(s, failedShift))
	t[Panicked] = uint64(get(s, panickedShift))
	t[Dropped] = uint64(get(s, droppedShift))
	t[Succeeded] = uint64(endedOf(s)) - t[Failed] - t[Panicked] - t[Dropped]
	return t, leftOf(s)
}

// A batchList is the batches that are under way. Dispatcher.inMu guards it.
type batchList = list.List[Batch]

func (b *Batch) reset(n int, begin uint64) {
	b.state.Store(uint64(n)<<sizeShift | begin)
	b.outcome = 0
}
