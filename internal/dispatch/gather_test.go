package dispatch_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda/internal/dispatch"
	"github.com/remuda-go/remuda/internal/queuetime"
	"github.com/remuda-go/remuda/internal/runstate"
)

// A crew is a dispatcher that gathers, with workers that are goroutines, and knows
// what waits in it. Everything is in a bubble, and looked at once it stands still.
type crew struct {
	*dispatcher
	*rand.Rand
	t         *testing.T
	gathering dispatch.Gathering
	clock     queuetime.Clock
	ended     bool

	mu     sync.Mutex
	next   int
	queued []waitingItem
	last   int // of the items that have begun
	runs   []*gathered
}

type waitingItem struct {
	item    int
	seq     uint64
	guest   bool
	at      time.Time
	hurried bool
}

// gathered is a batch that runs.
type gathered struct {
	items   []int
	slot    dispatch.Slot
	back    <-chan struct{} // it has asked for its slot
	yielded bool
	end     chan struct{}
}

func newCrew(t *testing.T, bound, target int, g dispatch.Gathering, seed uint64) *crew {
	c := &crew{dispatcher: new(dispatcher), Rand: rand.New(rand.NewPCG(seed, 2)), t: t, gathering: g}
	c.clock.Start()
	c.clock.Timing.Store(runstate.Timed)
	c.Open(dispatch.Config[int, own]{
		Target: target, Bound: max(bound, g.Size), Clock: &c.clock, Gathering: g,
		IdleTimeout: time.Duration(c.IntN(2)) * 3 * time.Second,
		Run:         c.run,
		Idle:        func() {},
		Unused:      func(*worker) { go c.Gone() },
		Ended:       func() { c.ended = true },
	})
	return c
}

// run is a worker's goroutine.
func (c *crew) run(w *worker) {
	var items []int
	for {
		var ok bool
		if items, ok = dispatch.Gather(c.dispatcher, w, items[:0]); !ok {
			break
		}
		r := &gathered{items: slices.Clone(items), end: make(chan struct{})}
		c.begin(r)
		<-r.end
		var tally dispatch.Tally
		for _, item := range r.items {
			if item >= 0 {
				tally.Count(dispatch.Succeeded)
			}
		}
		if r.slot.Used() {
			c.EndSlot(&r.slot)
		}
		c.CountAll(&tally)
	}
	c.Gone()
}

// begin sees that a batch is one that may begin now: the first that wait, as many as
// there are and may be, and if that is too few they have waited for long enough.
func (c *crew) begin(r *gathered) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(r.items)
	first := slices.IndexFunc(c.queued, func(it waitingItem) bool { return n > 0 && it.item == r.items[0] })
	if first < 0 || n > c.gathering.Size || first+n > len(c.queued) {
		c.t.Errorf("a batch of %d, and %d wait", n, len(c.queued))
		return
	}
	for i, item := range r.items {
		if it := c.queued[first+i]; it.item != item {
			c.t.Errorf("item %d comes before %d", item, it.item)
		}
		c.last = max(c.last, item, -item)
	}
	if n < c.gathering.Size && !c.isDue(c.queued[first]) {
		c.t.Errorf("a batch of %d of %d after %v", n, c.gathering.Size, time.Since(c.queued[first].at))
	}
	c.queued = slices.Delete(c.queued, first, first+n)
	c.runs = append(c.runs, r)
}

func (c *crew) isDue(first waitingItem) bool {
	return first.hurried || time.Since(first.at) >= c.gathering.Wait || c.phaseIsDraining()
}

func (c *crew) phaseIsDraining() bool { return c.next < 0 }

// step does something at random.
func (c *crew) step() {
	switch n := c.IntN(20); {
	case n < 9:
		c.push(n == 0)
	case n < 13:
		c.endOne()
	case n == 13:
		c.removeOne()
	case n == 14:
		c.Resize(c.IntN(4))
	case n == 15:
		c.mu.Lock()
		for i := range c.queued {
			c.queued[i].hurried = true
		}
		c.mu.Unlock()
		c.Hurry()
	case n == 16:
		c.yieldOne()
	case n == 17:
		c.askBackOne()
	default:
		time.Sleep(time.Duration(c.IntN(8)) * time.Second / 4)
	}
}

func (c *crew) push(guest bool) {
	c.mu.Lock() // so that a worker that takes it sees it in queued
	defer c.mu.Unlock()
	c.next++
	it := waitingItem{item: c.next, at: time.Now(), guest: guest}
	if guest {
		it.item = -c.next
		g, ok := c.SendGuest(it.item)
		require.True(c.t, ok)
		it.seq = g.Seq()
	} else {
		var err error
		if it.seq, err = c.Send(it.item); err == dispatch.ErrFull {
			it.seq, _, err = c.SendSlowly(it.item, false, nil)
		}
		if err == dispatch.ErrFull {
			return
		}
		require.NoError(c.t, err)
	}
	c.queued = append(c.queued, it)
}

func (c *crew) removeOne() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queued) == 0 {
		return
	}
	i := c.IntN(len(c.queued))
	if _, ok := c.Remove(c.queued[i].seq); ok { // else a worker has it, and waits for mu
		c.queued = slices.Delete(c.queued, i, i+1)
	}
}

// aRun returns a run that f is for.
func (c *crew) aRun(f func(*gathered) bool) *gathered {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, i := range c.Perm(len(c.runs)) {
		if f(c.runs[i]) {
			return c.runs[i]
		}
	}
	return nil
}

func (c *crew) endOne() {
	if r := c.aRun(func(r *gathered) bool { return !r.yielded }); r != nil {
		c.mu.Lock()
		c.runs = slices.DeleteFunc(c.runs, func(o *gathered) bool { return o == r })
		c.mu.Unlock()
		close(r.end)
	}
}

func (c *crew) yieldOne() {
	if r := c.aRun(func(r *gathered) bool { return !r.yielded }); r != nil {
		r.yielded = true
		c.Yield(&r.slot)
	}
}

func (c *crew) askBackOne() {
	if r := c.aRun(func(r *gathered) bool { return r.yielded && r.back == nil }); r != nil {
		r.back = c.AskBack(&r.slot)
		go func() {
			if r.back != nil {
				<-r.back
			}
			c.mu.Lock()
			r.yielded, r.back = false, nil
			c.mu.Unlock()
		}()
	}
}

// look sees that no item waits for longer than it must.
func (c *crew) look() {
	c.t.Helper()
	synctest.Wait()
	require.NoError(c.t, c.Check())
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, it := range c.queued {
		require.Greater(c.t, max(it.item, -it.item), c.last, "another has passed it")
	}
	busy := 0
	for _, r := range c.runs {
		if !r.yielded {
			busy++
		}
	}
	if s := c.Stats(); busy < s.Target && len(c.queued) > 0 {
		require.Less(c.t, len(c.queued), c.gathering.Size, "a batch is full")
		require.False(c.t, c.isDue(c.queued[0]), "a batch is due")
	}
}

func TestGatherAtRandom(t *testing.T) {
	for seed := range uint64(300) {
		synctest.Test(t, func(t *testing.T) {
			choose := rand.New(rand.NewPCG(seed, 3))
			c := newCrew(t, choose.IntN(10), choose.IntN(4), dispatch.Gathering{
				Size: 1 + choose.IntN(5),
				Wait: time.Duration(choose.IntN(3)) * time.Second,
			}, seed)
			for range 100 {
				c.step()
				if c.IntN(3) == 0 {
					c.look()
				}
				if t.Failed() {
					t.Fatalf("seed %d, %+v", seed, c.gathering)
				}
			}
			c.mu.Lock()
			c.next = -1 // from now on all are due
			c.mu.Unlock()
			c.Drain(errRefused)
			for range 1000 {
				c.look()
				c.askBackOne()
				c.endOne()
			}
			synctest.Wait()
			require.True(t, c.ended, "seed %d", seed)
			require.Empty(t, c.queued)
		})
	}
}

// A worker that has become surplus since it looked does not gather: nobody would wake
// it before its time.
func TestSurplusWorkerDoesNotGather(t *testing.T) {
	var clock queuetime.Clock
	clock.Start()
	clock.Timing.Store(runstate.Timed)
	launched := make(chan *worker, 1)
	d := new(dispatcher)
	d.Open(dispatch.Config[int, own]{
		Target: 1, Bound: 10, Clock: &clock, Gathering: dispatch.Gathering{Size: 3, Wait: time.Hour},
		Run:    func(w *worker) { launched <- w },
		Idle:   func() {},
		Unused: func(*worker) {},
		Ended:  func() {},
	})
	_, err := d.Send(1)
	require.NoError(t, err)
	w := <-launched
	d.Resize(0)
	_, isRetired, isGatherer := d.TryGather(w)
	require.True(t, isRetired)
	require.False(t, isGatherer)
	require.NoError(t, d.Check())
	d.Gone()

	d.Resize(1)
	w = <-launched
	items, _, isGatherer := d.TryGather(w)
	require.Empty(t, items)
	require.True(t, isGatherer, "1 is still there, and waits for others")
	d.Hurry()
	require.True(t, w.Woken())
	items, _, _ = d.TryGather(w)
	require.Equal(t, []int{1}, items)
	require.NoError(t, d.Check())
}

// Inputs of a batch that begin at once wait for nobody, and can't be split off.
func TestBatchAtOnce(t *testing.T) {
	withRig(t, 10, 1, func(r *rig) {
		var b, rest dispatch.Batch
		require.True(t, r.AcceptAtOnce(&b, 3))
		require.Zero(t, b.Left())
		_, n := r.SplitBatch(&b, &rest, true)
		require.Zero(t, n)
		s := r.Stats()
		require.Zero(t, s.Queued)
		require.EqualValues(t, 3, s.Accepted)
		for i, more := b.Next(); more; i, more = b.Next() {
			if i == 1 {
				b.Count(dispatch.Dropped)
			}
		}
		require.False(t, r.FinishBatch(&b))
		s = r.Stats()
		require.EqualValues(t, 2, s.Tally[dispatch.Succeeded])
		require.EqualValues(t, 1, s.Tally[dispatch.Dropped])
		r.Drain(errRefused)
		require.False(t, r.AcceptAtOnce(&b, 1))
	})
}
