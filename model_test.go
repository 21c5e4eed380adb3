package remuda_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// A pool never lets a worker rest while there is something for it to do, and
// never runs more than it has workers, whatever it went through. This test plays
// with a pool at random, a few moves at a time, lets everything come to a
// standstill after each, and looks whether that is so.
func TestNoWorkerRestsWhileThereIsWork(t *testing.T) {
	for seed := range uint64(120) {
		synctest.Test(t, func(t *testing.T) {
			g := newGame(t, seed)
			for range 40 {
				for range 1 + g.IntN(4) {
					g.move()
				}
				time.Sleep(time.Second) // as much as every run takes at least
				synctest.Wait()
				if !g.look() {
					break
				}
			}
			g.end()
		})
	}
}

// A game is a pool that is played with. Every run of its job waits until the
// game lets it go on; some call the pool in the meantime.
type game struct {
	*rand.Rand
	t    *testing.T
	name string
	pool *remuda.Pool[int, int]

	bound int // of the queue

	mu      sync.Mutex
	next    int                   // input
	gates   map[int]chan struct{} // of runs that stand still
	seen    map[int]bool          // inputs that have begun
	open    bool
	blocked int                  // calls of Send that have not returned
	loops   map[*gameLoop]bool   // loops under way
	ends    []context.CancelFunc // of what was handed over
	callers sync.WaitGroup
}

// A gameLoop is a Map of the game's.
type gameLoop struct {
	left     int // inputs that have not begun
	consumed int // outcomes
	inputs   int
}

// hasWork reports whether an input of the loop could begin: as Map says, it is ahead
// of the loop by so many inputs at most.
func (l *gameLoop) hasWork(ahead int) bool { return l.left > 0 && l.inputs-l.left-l.consumed < ahead }

type loopKey struct{}

// nestedInput is added to an input by the run that hands it over in its turn.
const nestedInput = 1_000_000

func newGame(t *testing.T, seed uint64) *game {
	g := &game{
		Rand:  rand.New(rand.NewPCG(seed, 1)),
		t:     t,
		gates: make(map[int]chan struct{}),
		seen:  make(map[int]bool),
		loops: make(map[*gameLoop]bool),
	}
	cfg := remuda.Config{
		Initial: 1 + g.IntN(3),
		Queue:   []int{remuda.Unbuffered, 1, 2, 3, 16, 100}[g.IntN(6)],
		Inline:  g.IntN(2) == 0,
	}
	g.bound = max(cfg.Queue, 0)
	g.name = fmt.Sprintf("seed %d, %+v", seed, cfg)
	g.pool = remuda.Must(remuda.NewWithConfig[int, int](cfg))
	require.NoError(t, g.pool.Start(remuda.Func(g.run)))
	return g
}

// run is the job.
func (g *game) run(ctx context.Context, in int) (int, error) {
	time.Sleep(time.Millisecond) // so that Map takes inputs one at a time
	g.mu.Lock()
	assert.False(g.t, g.seen[in], "%s: input %d runs twice", g.name, in)
	g.seen[in] = true
	if l, ok := ctx.Value(loopKey{}).(*gameLoop); ok && in < nestedInput {
		l.left--
	}
	gate := make(chan struct{})
	if g.open {
		close(gate)
	}
	g.gates[in] = gate
	g.mu.Unlock()
	var err error
	switch {
	case in >= nestedInput: // no more of that
	case in%5 == 0:
		_, err = g.pool.Do(ctx, in+nestedInput)
	case in%11 == 0:
		_, err = g.pool.DoAll(ctx, []int{in + nestedInput, in + 2*nestedInput})
	case in%13 == 0:
		err = g.pool.Send(ctx, in+nestedInput)
	}
	select {
	case <-gate:
	case <-ctx.Done():
	}
	g.mu.Lock()
	delete(g.gates, in)
	g.mu.Unlock()
	return in, err
}

// input is one that was never used before.
func (g *game) input() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.next++
	return g.next
}

// ctx is a context that a later move may end.
func (g *game) ctx() context.Context {
	ctx, cancel := context.WithCancel(bg)
	g.ends = append(g.ends, cancel)
	return ctx
}

// move does something at random, without waiting for it.
func (g *game) move() {
	switch g.IntN(13) {
	case 0, 1:
		_ = g.pool.TrySend(bg, g.input())
	case 2:
		in := g.input()
		g.callers.Go(func() { _, _ = g.pool.Do(bg, in) })
	case 3:
		ctx, in := g.ctx(), g.input()
		g.callers.Go(func() { _, _ = g.pool.Do(ctx, in) })
	case 4, 5:
		ctx, in := g.ctx(), g.input()
		g.mu.Lock()
		g.blocked++
		g.mu.Unlock()
		g.callers.Go(func() {
			_ = g.pool.Send(ctx, in)
			g.mu.Lock()
			g.blocked--
			g.mu.Unlock()
		})
	case 6:
		g.loop(1 + g.IntN(6))
	case 7, 8, 9:
		g.release(1 + g.IntN(3))
	case 10:
		_ = g.pool.Resize(g.IntN(5))
	case 11:
		if g.IntN(2) == 0 {
			_ = g.pool.Less()
		} else {
			_ = g.pool.More()
		}
	case 12:
		if n := len(g.ends); n > 0 {
			g.ends[g.IntN(n)]()
		}
	}
}

// loop begins a Map over n inputs.
func (g *game) loop(n int) {
	l := &gameLoop{left: n, inputs: n}
	ctx := context.WithValue(g.ctx(), loopKey{}, l)
	var ins []int
	for range n {
		ins = append(ins, g.input())
	}
	g.mu.Lock()
	g.loops[l] = true
	g.mu.Unlock()
	g.callers.Go(func() {
		for range g.pool.Map(ctx, func(yield func(int) bool) {
			for _, in := range ins {
				if !yield(in) {
					return
				}
			}
		}) {
			g.mu.Lock()
			l.consumed++
			g.mu.Unlock()
		}
		g.mu.Lock()
		delete(g.loops, l)
		g.mu.Unlock()
	})
}

// release lets some runs go on.
func (g *game) release(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for in, gate := range g.gates { // in no order
		if n--; n < 0 {
			return
		}
		select {
		case <-gate:
		default:
			close(gate)
		}
		delete(g.gates, in)
	}
}

// look reports whether the pool is as it should be, now that all stands still.
func (g *game) look() bool {
	s := g.pool.Stats()
	ok := assertBalanced(g.t, s)
	ok = assert.Equal(g.t, g.pool.Current(), s.Workers, g.name) && ok
	ok = assert.LessOrEqual(g.t, s.Running, s.Workers+s.Retired, "%s: %+v", g.name, s) && ok
	g.mu.Lock()
	defer g.mu.Unlock()
	work := s.Queued > 0 || g.blocked > 0
	for l := range g.loops {
		work = work || l.hasWork(g.bound+s.Workers)
	}
	if work {
		ok = assert.GreaterOrEqual(g.t, s.Running, s.Workers,
			"%s: a worker rests: %+v, %d blocked, %d loops", g.name, s, g.blocked, len(g.loops)) && ok
	}
	return ok
}

// end lets everything come to its end, and sees to it that it does.
func (g *game) end() {
	g.mu.Lock()
	g.open = true
	g.mu.Unlock()
	g.release(1 << 30)
	assert.NoError(g.t, g.pool.Resize(2))
	done := make(chan struct{})
	go func() {
		g.callers.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(time.Hour):
		assert.Fail(g.t, "somebody waits forever", "%s: %+v", g.name, g.pool.Stats())
	}
	for _, end := range g.ends {
		end()
	}
	assert.NoError(g.t, g.pool.CloseWithTimeout(time.Hour), g.name)
	<-g.pool.Done()
	<-done
	s := g.pool.Stats()
	assertIdle(g.t, s)
	assert.EqualValues(g.t, len(g.seen), s.Succeeded+s.Failed, g.name)
}
