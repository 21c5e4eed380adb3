package scenario

import (
	"fmt"
	"runtime"
	"sync/atomic"
)

// Keying is a contender that runs one input at a time for each key, and those of one
// key in order.
type Keying interface {
	Contender
	KeyedSender(workers int, key func(in int) int, job func(in int)) Sender
}

// Keyed is fire and forget by the number of keys.
func Keyed(contenders []Contender) Scenario {
	s := Scenario{
		Name:  "keyed",
		Title: "Fire and forget, one at a time for each key, no-op job",
		About: "One producer, a worker for each processor, and inputs whose keys come at random; from the first input until the contender is closed. That no two inputs of a key overlap " +
			"or change places is checked. By hand that is `channel by key`: a map with a channel and a goroutine for each key of which there are inputs, and a semaphore for the workers. " +
			"go-pkgz gives each worker a channel and chooses one by the key, so that keys which share a worker wait for each other.",
	}
	for _, keys := range []int{1, 100, 1_000_000} {
		cell := Cell{Name: "keys: " + millions(keys), Unit: "ns/op", Charted: true}
		s.Cases = append(s.Cases, Case{
			Cells:    []Cell{cell},
			Floor:    "channel by key",
			Ops:      400_000,
			QuickOps: 100_000,
			Entries: enter(contenders, func(c Keying, ops int) ([]Sample, error) {
				return fireKeyed(c, keys, ops)
			}),
		})
	}
	return s
}

func millions(n int) string {
	if n == 1_000_000 {
		return "1,000,000"
	}
	return thousands(n)
}

// A keyLedger notes which input of each key ran last, without locks: runs of one key
// do not overlap.
type keyLedger struct {
	key    func(in int) int
	last   []int
	busy   []atomic.Bool
	wrong  atomic.Int64
	inputs ledger
}

func (l *keyLedger) mark(in int) {
	key := l.key(in)
	if l.busy[key].Swap(true) || l.last[key] > in {
		l.wrong.Add(1)
	}
	l.last[key] = in
	l.inputs.mark(in)
	l.busy[key].Store(false)
}

func (l *keyLedger) check() error {
	if n := l.wrong.Load(); n > 0 {
		return fmt.Errorf("%d inputs overlap or pass another of their key", n)
	}
	return l.inputs.check()
}

func fireKeyed(c Keying, keys, ops int) ([]Sample, error) {
	// A multiplicative hash, which a contender that uses the keys as they are can't
	// turn into an even distribution.
	key := func(in int) int { return int(uint64(in) * 0x9e3779b97f4a7c15 >> 32 % uint64(keys)) }
	done := &keyLedger{key: key, last: make([]int, keys), busy: make([]atomic.Bool, keys), inputs: newLedger(ops)}
	s := c.KeyedSender(runtime.GOMAXPROCS(0), key, done.mark)
	sample := measure(ops, func() {
		sendShare(s, 0, 1, ops)
		s.Close()
	})
	return []Sample{sample}, done.check()
}
