// Package dispatch brings inputs and workers together. A [Dispatcher] has the
// bounded queue of a pool, the senders that wait for a place in it, the workers,
// and the slots that say how many of them may run at a time. It knows neither
// jobs nor outcomes nor who waits for them.
//
// # Locks
//
// There are two, so that senders and workers meet once a batch and not once an
// input. inMu is the senders' lock: it guards the in side of the queue, the
// blocked senders and the roster of workers. outMu is the workers' lock: it guards
// the out side of the queue. Where both are needed, outMu comes first.
//
// No lock is held across a channel operation or a call of somebody else's code.
// What has to be done after an unlock is collected in an effects value, and apply
// is the only place where it is done.
//
// # Invariants
//
//   - No work waits without a worker on its way: while an input is queued, or a
//     sender is blocked, and one more worker may be busy, some worker is searching,
//     or about to be launched.
//   - No more workers are busy than the target says, except for those that were
//     busy when it was lowered.
//   - Senders are blocked only while the queue is full (or, without a queue, while
//     no worker is free).
//   - Workers get inputs in the order in which they were accepted, and inputs are
//     accepted in the order in which their senders came. Where they have keys, those
//     whose key is busy, or has its share of the queue, are passed over meanwhile.
package dispatch

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/remuda-go/remuda/internal/fifo"
	"github.com/remuda-go/remuda/internal/queuetime"
)

// Why an input was not accepted.
var (
	ErrFull   = errors.New("dispatch: queue is full")
	ErrClosed = errors.New("dispatch: intake is closed") // or not open yet
)

// Config is what a Dispatcher needs to know.
type Config[T, S any] struct {
	Target      int           // number of workers to start with
	Bound       int           // most inputs that wait; 0 for a hand-off
	IdleTimeout time.Duration // ends workers that were idle throughout; 0 for never
	Clock       *queuetime.Clock
	Gathering   Gathering // of many items for one worker
	Keyed       bool      // inputs come by SendKeyed alone

	// Run is the goroutine of a worker: it calls Fetch, or Gather, until that returns
	// false, and then Gone.
	Run func(*Worker[T, S])
	// Idle is called by a worker's goroutine before it parks.
	Idle func()
	// Unused ends a worker that has no goroutine at present. It must see to a
	// call of Gone, and must not block.
	Unused func(*Worker[T, S])
	// Ended is called once, after Drain, when the last worker has gone.
	Ended func()
}

// A Dispatcher is the inside of a pool that is fed by a queue. The zero Dispatcher
// takes no inputs until Open.
//
// Its own methods lock, decide, unlock, and apply the effects; those of its state have
// no effects. What only a dispatcher with keys does, or one that gathers, is in
// functions of keyed.go and gather.go.
type Dispatcher[T, S any] struct {
	state[T, S]

	spareWaiters waiterPool[T]
}

// state is what a Dispatcher's locks guard. Its …Locked methods decide: they need inMu
// and, where they say so, outMu too. The others lock for themselves.
type state[T, S any] struct {
	Config[T, S]

	attention atomic.Bool  // some worker may be surplus: fetch finds out; written under inMu
	awaited   atomic.Bool  // somebody is in waitAll, or about to be; written under inMu
	blocked   atomic.Int32 // senders in waiters; written under inMu

	keyed *keyedQueue[T] // nil if inputs have no keys; set by Open

	_ [64]byte // what follows is written all the time: not beside what is only read

	inMu     sync.Mutex
	phase    phase // guarded by inMu, as all down to out
	in       fifo.Queue[entry[T]]
	ahead    int // places taken on the out side when last counted: now there are no more
	waiters  waiterList[T]
	roster   roster[T, S]
	accepted uint64
	inline   Tally // inputs of batches that have ended, and of inline runs
	batches  batchList
	waitAll  []chan struct{} // closed when no input is unresolved
	idle     idleClock

	_ [64]byte

	outMu    sync.Mutex
	out      fifo.Queue[entry[T]] // guarded by outMu, as finished
	finished Tally                // inputs that nobody waits for

	_ [64]byte

	delivered [Outcomes]atomic.Uint64 // inputs that somebody waits for

	// Guarded by inMu, and here because above it would push what the workers write
	// over one more cache line, which costs a hundred of them a tenth.
	stamper queuetime.Stamper
	gather  gather[T, S]

	assigned atomic.Int32 // workers that have an item and have not begun it; raised under inMu
	_        [64]byte
}

// phase says what becomes of an input.
type phase uint8

const (
	unopened  phase = iota // it is refused: before Open
	open                   // it is accepted
	openKeyed              // it is accepted if it has a key
	sealed                 // it is refused; workers go on, and may be resized
	draining               // it is refused; workers end when nothing is queued
	ended                  // all workers have gone
)

// Open makes the dispatcher take inputs, once.
func (d *Dispatcher[T, S]) Open(cfg Config[T, S]) {
	d.inMu.Lock()
	defer d.inMu.Unlock()
	d.Config = cfg
	d.phase = open
	d.roster.target = cfg.Target
	d.idle.tick = d.endIdle
	if cfg.Keyed {
		d.phase = openKeyed
		d.keyed = newKeyedQueue[T](cfg.Bound)
	}
}

// Count counts the outcome of an input that somebody waits for. It comes before they
// are told, so that Stats and WaitAll know of it by then, and after EndSlot, if the
// run has ever yielded its slot.
func (d *Dispatcher[T, S]) Count(o Outcome) {
	d.delivered[o].Add(1)
	if d.awaited.Load() {
		d.notifyWaitAll()
	}
}

// CountAll is Count for many inputs.
func (d *Dispatcher[T, S]) CountAll(t *Tally) {
	for o, n := range t {
		d.delivered[o].Add(n)
	}
	if d.awaited.Load() {
		d.notifyWaitAll()
	}
}
