package remuda_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/remuda-go/remuda"
)

// This file is the model that FuzzPool and TestStress hold the pool against: a
// ledger with an entry for each input. It knows nothing of how the pool works;
// it writes down what was asked, what ran and what came back, and says what
// does not add up.

// A ledger accounts for inputs. Its zero value is ready for use.
type ledger struct {
	active  atomic.Int64 // runs that are under way, and do not wait for their pool
	peak    atomic.Int64 // the most of them since somebody has set it back
	lent    atomic.Int64 // runs that wait for their pool
	unbuilt atomic.Int64 // runs that failed since their worker had no job

	mu      sync.Mutex
	entries []*entry
	faults  []string
}

// An entry is what became of one input.
type entry struct {
	how      string       // the way in which it was handed over
	key      int          // of the input, in a keyed pool
	called   int64        // the moment of the call, as the next
	returned atomic.Int64 // TrySend has returned; 0 until then
	accepted atomic.Bool  // the call said so
	refused  atomic.Bool  // the call said so
	begun    atomic.Int32 // runs
	ended    atomic.Int32
	dropped  atomic.Int32 // calls of OnDrop
	settled  atomic.Int32 // outcomes that somebody got

	waits atomic.Int32 // calls of the run to its pool that are under way
}

func (l *ledger) enter(how string) *entry {
	e := &entry{how: how}
	l.mu.Lock()
	l.entries = append(l.entries, e)
	l.mu.Unlock()
	return e
}

func (l *ledger) fault(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.faults) < 20 {
		l.faults = append(l.faults, fmt.Sprintf(format, args...))
	}
}

// begin notes that a run begins; what it returns is to be called, deferred, when
// the run ends.
func (l *ledger) begin(e *entry) (end func()) {
	if n := e.begun.Add(1); n > 1 {
		l.fault("%s: ran %d times", e.how, n)
	}
	l.more()
	return func() {
		e.ended.Add(1)
		l.active.Add(-1)
	}
}

// wait notes that the run of e calls its pool and waits; what it returns is to
// be called, deferred, when the call is over.
func (l *ledger) wait(e *entry) (over func()) {
	if e.waits.Add(1) == 1 {
		l.lent.Add(1)
		l.active.Add(-1)
	}
	return func() {
		if e.waits.Add(-1) == 0 {
			l.lent.Add(-1)
			l.more()
		}
	}
}

// more counts an active run. The ledger counts it later than the pool does, and
// stops to count it earlier.
func (l *ledger) more() {
	n := l.active.Add(1)
	for peak := l.peak.Load(); n > peak && !l.peak.CompareAndSwap(peak, n); peak = l.peak.Load() {
	}
}

// handedOver notes what a call said that hands over an input and returns.
func (l *ledger) handedOver(e *entry, ctx context.Context, err error) {
	if err == nil {
		e.accepted.Store(true)
		return
	}
	e.refused.Store(true)
	switch {
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
	case errors.Is(err, remuda.ErrPoolClosed), errors.Is(err, remuda.ErrNotStarted):
	case (e.how == "TrySend" || e.how == "TrySubmit") && errors.Is(err, remuda.ErrQueueFull):
	default:
		l.fault("%s: refused with %v", e.how, err)
	}
}

// A failure is the error that a job returned.
type failure struct {
	entry *entry
	cause error
}

func (f *failure) Error() string { return fmt.Sprintf("job failed: %v", f.cause) }
func (f *failure) Unwrap() error { return f.cause }

// outcome notes what somebody got for an input.
func (l *ledger) outcome(e *entry, ctx context.Context, out *entry, err error) {
	if n := e.settled.Add(1); n > 1 {
		l.fault("%s: %d outcomes", e.how, n)
	}
	var failed *failure
	var panicked *remuda.PanicError
	ran := e.begun.Load() == 1
	switch {
	case err == nil:
		if !ran || out != e {
			l.fault("%s: no error, ran: %v, right output: %v", e.how, ran, out == e)
		}
	case errors.As(err, &failed):
		if !ran || failed.entry != e {
			l.fault("%s: another's error: %v", e.how, err)
		}
	case errors.As(err, &panicked):
		if !ran && l.unbuilt.Load() == 0 {
			l.fault("%s: did not run, and panicked: %v\n%s", e.how, err, panicked.Stack)
		}
	case errors.Is(err, remuda.ErrGoexit):
		if !ran {
			l.fault("%s: did not run, and %v", e.how, err)
		}
	case errors.Is(err, remuda.ErrPoolClosed):
		if ran {
			l.fault("%s: ran, and %v", e.how, err)
		}
	case (errors.Is(err, remuda.ErrNotStarted) || errors.Is(err, remuda.ErrNestedKey)) && !ran:
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
	default:
		l.fault("%s: undocumented error %v", e.how, err)
	}
}

// taken is the inputs of which a call said that they were accepted.
func (l *ledger) taken() (taken []*entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.entries {
		if e.accepted.Load() {
			taken = append(taken, e)
		}
	}
	return taken
}

// waiting is the number of inputs of which a call said that they were accepted,
// and which have neither run nor been dropped.
func (l *ledger) waiting() (n int) { return l.waitingBut(nil) }

// waitingBut is waiting without those of the keys for which busy is true.
func (l *ledger) waitingBut(busy map[int]bool) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.entries {
		if e.how == "Group" { // it leaves the queue with the first error, of which the ledger is not told
			continue
		}
		if e.accepted.Load() && e.begun.Load()+e.dropped.Load()+e.settled.Load() == 0 && !busy[e.key] {
			n++
		}
	}
	return n - int(l.unbuilt.Load())
}

// blocked is the number of calls of Send that have not returned, but for those
// from inside of a job, which may have been accepted and wait to go on.
func (l *ledger) blocked() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.entries {
		if e.how == "Send" && !e.accepted.Load() && !e.refused.Load() {
			n++
		}
	}
	return n
}

// close says what does not add up once the pool is done and all calls have
// returned.
func (l *ledger) close(s remuda.Stats) []string {
	unresolved := int64(0)
	var begun, dropped uint64
	for _, e := range l.entries {
		begun += uint64(e.begun.Load())
		dropped += uint64(e.dropped.Load())
		if e.begun.Load() != e.ended.Load() {
			l.fault("%s: a run has not ended", e.how)
		}
		resolved := e.begun.Load() + e.dropped.Load()
		switch {
		case resolved > 1:
			l.fault("%s: ran and was dropped, or twice: %d, %d", e.how, e.begun.Load(), e.dropped.Load())
		case e.refused.Load() && resolved > 0:
			l.fault("%s: refused and resolved: %d, %d", e.how, e.begun.Load(), e.dropped.Load())
		case e.accepted.Load() && resolved+e.settled.Load() == 0:
			unresolved++ // if it was handed over to stay, a job must be missing
		}
	}
	if unresolved > l.unbuilt.Load() {
		l.fault("%d inputs were accepted and never resolved", unresolved)
	}
	if l.active.Load() != 0 || l.lent.Load() != 0 {
		l.fault("%d runs are active, %d wait", l.active.Load(), l.lent.Load())
	}
	if s.Accepted != s.Succeeded+s.Failed+s.Dropped || s.Queued != 0 || s.Running != 0 || s.Yielded != 0 || s.Retired != 0 {
		l.fault("the pool is done: %+v", s)
	}
	if ran := s.Succeeded + s.Failed; begun > ran || ran > begun+uint64(l.unbuilt.Load()) {
		l.fault("%d inputs ran, of which %d without a job: %+v", begun, l.unbuilt.Load(), s)
	}
	if dropped > s.Dropped {
		l.fault("%d inputs were dropped: %+v", dropped, s)
	}
	return l.faults
}
