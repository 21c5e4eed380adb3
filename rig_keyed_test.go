package remuda_test

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/remuda-go/remuda"
)

// keyOf is the key function of a keyed pool of tasks.
func keyOf(t task) int { return t.n % 3 }

// A keyLedger holds the runs of a keyed pool against what it promises: those of one
// key do not overlap, and begin in order.
type keyLedger struct {
	ledger *ledger

	mu   sync.Mutex
	busy map[int]bool
	last map[int]int64 // the latest call of TrySend whose input has begun
}

func newKeyLedger(l *ledger) *keyLedger {
	return &keyLedger{ledger: l, busy: make(map[int]bool), last: make(map[int]int64)}
}

// begin notes that a run begins; what it returns is to be called when that ends.
func (k *keyLedger) begin(e *entry) (end func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.busy[e.key] {
		k.ledger.fault("two runs of key %d overlap", e.key)
	}
	k.busy[e.key] = true
	if e.how == "TrySend" {
		if at := e.returned.Load(); at != 0 && at < k.last[e.key] {
			k.ledger.fault("an input of key %d passes another", e.key)
		}
		k.last[e.key] = max(k.last[e.key], e.called)
	}
	return func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		delete(k.busy, e.key)
	}
}

// busyKeys returns the keys of which an input runs. A pool without keys has none.
func (k *keyLedger) busyKeys() map[int]bool {
	if k == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	busy := make(map[int]bool)
	for key := range k.busy {
		busy[key] = true
	}
	return busy
}

// moments counts the calls that hand over inputs, and their returns: of two calls that
// overlap, the second may be accepted first.
var moments atomic.Int64

// enter makes an entry for an input that is about to be handed over.
func (r *rig) enter(how string, t task) *entry {
	e := r.ledger.enter(how)
	e.called = moments.Add(1)
	if r.keys != nil {
		e.key = keyOf(t)
	}
	return e
}

// begin notes that a run begins; what it returns is to be called, deferred, when the
// run ends.
func (r *rig) begin(t task) (end func()) {
	ended := r.ledger.begin(t.entry)
	if r.keys == nil {
		return ended
	}
	free := r.keys.begin(t.entry)
	return func() {
		free()
		ended()
	}
}

// isNestedKey reports whether err is what a job of a keyed pool gets that would wait
// for its own pool.
func (r *rig) isNestedKey(err error) bool {
	return r.keys != nil && errors.Is(err, remuda.ErrNestedKey)
}
