package dispatch_test

import (
	"context"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda/internal/dispatch"
	"github.com/remuda-go/remuda/internal/queuetime"
)

// TestStress does everything at once, at random, drains at a random moment, and
// accounts for every item. Length: REMUDA_STRESS, in items.
func TestStress(t *testing.T) {
	length := 20_000
	if s := os.Getenv("REMUDA_STRESS"); s != "" {
		var err error
		length, err = strconv.Atoi(s)
		require.NoError(t, err)
	}
	const round = 1000
	for n := range length / round {
		s := &stress{
			t: t, bound: []int{0, 1, 2, 16, 1000}[n%5], most: []int{1, 2, 3, 8}[n/5%4], cancels: n%2 == 1,
			accepted: make([]atomic.Bool, 20*round), resolved: make([]atomic.Int32, 20*round),
			ended: make(chan struct{}),
		}
		s.run(round)
		if t.Failed() {
			t.Logf("round %d: bound %d, %d workers", n, s.bound, s.most)
			return
		}
	}
}

// A stress is one round of it.
type stress struct {
	t           *testing.T
	d           dispatcher
	clock       queuetime.Clock
	bound, most int  // places and slots
	cancels     bool // calls of AwaitBack are cancelled now and then, and the slots not counted

	items    atomic.Int32
	accepted []atomic.Bool
	resolved []atomic.Int32
	running  atomic.Int32
	ended    chan struct{}

	mu      sync.Mutex
	batches []*stressBatch // under way
}

type stressBatch struct {
	dispatch.Batch
	items []int
}

func (s *stress) run(length int) {
	s.clock.Start()
	s.d.Open(dispatch.Config[int, own]{
		Target: rand.IntN(s.most + 1), Bound: s.bound, IdleTimeout: time.Duration(rand.IntN(2)) * 100 * time.Microsecond,
		Clock: &s.clock, Run: s.work, Idle: func() {}, Unused: func(*worker) { s.d.Gone() }, Ended: func() { close(s.ended) },
	})
	var senders sync.WaitGroup
	const callers = 8
	for range callers {
		senders.Go(func() {
			var seqs []uint64
			for range length / callers {
				s.move(&seqs)
			}
		})
	}
	if rand.IntN(2) == 0 {
		senders.Go(func() {
			time.Sleep(rand.N(5 * time.Millisecond))
			s.d.Drain(errRefused)
		})
	} else {
		senders.Go(func() { // else who is blocked would wait forever at times
			time.Sleep(20 * time.Millisecond)
			s.d.Seal(errRefused)
		})
	}
	senders.Wait()
	s.d.Resize(s.most)
	ctx, cancel := context.WithTimeout(bg, time.Minute)
	defer cancel()
	if !assert.NoError(s.t, s.d.WaitAll(ctx), "all is resolved") {
		s.t.Fatalf("%v %+v", s.d.Check(), s.d.Stats())
	}
	s.d.Drain(errRefused)
	select {
	case <-s.ended: // and closed once
	case <-ctx.Done():
		s.t.Fatalf("it ends: %v %+v", s.d.Check(), s.d.Stats())
	}
	s.account()
}

func (s *stress) account() {
	assert.NoError(s.t, s.d.Check())
	n := uint64(0)
	for i := range s.items.Load() {
		want := int32(0)
		if s.accepted[i].Load() {
			want = 1
			n++
		}
		assert.Equal(s.t, want, s.resolved[i].Load(), "item %d", i)
	}
	st := s.d.Stats()
	assert.Equal(s.t, n, st.Accepted)
	assert.Equal(s.t, n, st.Tally.Ended())
	assert.Zero(s.t, st.Queued)
	assert.Zero(s.t, st.Yielded)
}

// item is one that is accepted, unless the caller finds that it is not.
func (s *stress) item() int {
	i := int(s.items.Add(1)) - 1
	s.accepted[i].Store(true)
	return i
}

// enough reports whether runs should hand over no more items of their own.
func (s *stress) enough() bool { return int(s.items.Load()) > len(s.accepted)/2 }

// send hands an item over, and waits for a while, or until it is refused.
func (s *stress) send() (seq uint64) {
	item := s.item()
	seq, err := s.d.Send(item)
	if err != dispatch.ErrFull {
		s.accepted[item].Store(err == nil)
		return seq
	}
	ctx, cancel := context.WithTimeout(bg, rand.N(2*time.Millisecond))
	defer cancel()
	seq, w, err := s.d.SendSlowly(item, rand.IntN(4) > 0, ctx.Done())
	if w == nil {
		s.accepted[item].Store(err == nil)
		return seq
	}
	select {
	case err = <-w.Answer():
	case <-ctx.Done():
		if s.d.GiveUp(w) {
			s.accepted[item].Store(false)
			s.d.Release(w)
			return 0
		}
		err = <-w.Answer()
	}
	s.accepted[item].Store(err == nil)
	seq = w.Seq()
	s.d.Release(w)
	return seq
}

// move is what a caller does next.
func (s *stress) move(seqs *[]uint64) {
	switch n := rand.IntN(100); {
	case n < 60:
		*seqs = append(*seqs, s.send())
	case n < 70:
		s.inline()
	case n < 78:
		if len(*seqs) > 0 {
			if item, ok := s.d.Remove((*seqs)[len(*seqs)-1]); ok {
				s.resolved[item].Add(1)
			}
		}
	case n < 84:
		s.d.Resize(rand.IntN(s.most + 1))
	case n < 90:
		if g, ok := s.d.SendGuest(-1); ok && rand.IntN(3) == 0 {
			s.d.RemoveGuest(g)
		}
	case n < 94:
		assert.NoError(s.t, s.d.Check())
		st := s.d.Stats()
		assert.GreaterOrEqual(s.t, st.Accepted, st.Tally.Ended()+uint64(st.Queued))
	case n < 97:
		ctx, cancel := context.WithTimeout(bg, rand.N(time.Millisecond))
		_ = s.d.WaitAll(ctx)
		cancel()
	case n < 98:
		s.d.TakeAll(func(item int) {
			if item >= 0 {
				s.resolved[item].Add(1)
			}
		})
	default:
		time.Sleep(rand.N(200 * time.Microsecond))
	}
}

func (s *stress) inline() {
	w := s.d.AcquireInline()
	if w == nil {
		return
	}
	item := s.item()
	s.job(item)
	s.d.ReleaseInline(w, s.outcome(item))
}

func (s *stress) outcome(item int) dispatch.Outcome {
	s.resolved[item].Add(1)
	return dispatch.Succeeded + dispatch.Outcome(rand.IntN(3))
}

// work is a worker's goroutine.
func (s *stress) work(w *worker) {
	for s.d.Fetch(w) {
		if w.Guest {
			s.visit()
			continue
		}
		s.job(w.Item)
		if rand.IntN(10) == 0 && !s.enough() {
			s.d.Requeue(s.item(), s.bound+1)
		}
		if o := s.outcome(w.Item); rand.IntN(2) == 0 {
			w.Last = o
		} else {
			s.d.Count(o)
		}
	}
	s.d.Gone()
}

// job is a run.
func (s *stress) job(int) {
	s.enter()
	if rand.IntN(5) == 0 && !s.enough() {
		s.nested()
	}
	for range rand.IntN(500) {
		_ = rand.Uint32()
	}
	s.running.Add(-1)
}

func (s *stress) enter() {
	if n := s.running.Add(1); !s.cancels {
		assert.LessOrEqual(s.t, int(n), s.most, "runs that hold a slot")
	}
}

// nested is what a run does that calls its own pool, from two goroutines at times.
func (s *stress) nested() {
	var slot dispatch.Slot
	cancelled := make(chan struct{})
	call := func() {
		s.d.Yield(&slot)
		s.send()
		if s.cancels && rand.IntN(2) == 0 {
			time.AfterFunc(rand.N(100*time.Microsecond), sync.OnceFunc(func() { close(cancelled) }))
		}
		s.d.AwaitBack(&slot, s.d.AskBack(&slot), cancelled)
	}
	s.running.Add(-1)
	if rand.IntN(2) == 0 || s.cancels {
		call()
	} else {
		s.d.Yield(&slot) // all of the run waits while one of the two does
		var wg sync.WaitGroup
		wg.Go(call)
		wg.Go(call)
		wg.Wait()
		s.d.AwaitBack(&slot, s.d.AskBack(&slot), nil)
	}
	s.enter()
	if s.cancels { // a run that goes on without its slot has to end that way
		s.d.EndSlot(&slot)
	}
}

// visit runs batches, its own or what it can take over of others.
func (s *stress) visit() {
	for range 1 + rand.IntN(3) {
		b := s.split()
		if b == nil && s.enough() {
			return
		}
		if b == nil {
			b = &stressBatch{}
			for range 1 + rand.IntN(10) {
				b.items = append(b.items, s.item())
			}
			if !s.d.AcceptBatch(&b.Batch, len(b.items)) {
				for _, item := range b.items {
					s.accepted[item].Store(false)
				}
				return
			}
		}
		s.mu.Lock()
		s.batches = append(s.batches, b)
		s.mu.Unlock()
		for i, ok := b.Next(); ok; i, ok = b.Next() {
			s.job(b.items[i])
			b.Count(s.outcome(b.items[i]))
		}
		s.mu.Lock()
		s.batches = slices.DeleteFunc(s.batches, func(o *stressBatch) bool { return o == b })
		s.mu.Unlock()
		if s.d.FinishBatch(&b.Batch) {
			s.d.SendGuest(-1)
			return
		}
	}
}

func (s *stress) split() *stressBatch {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.batches) == 0 {
		return nil
	}
	b, rest := s.batches[rand.IntN(len(s.batches))], &stressBatch{}
	from, n := s.d.SplitBatch(&b.Batch, &rest.Batch, rand.IntN(2) == 0)
	if n == 0 {
		return nil
	}
	rest.items = b.items[from : from+n]
	return rest
}
