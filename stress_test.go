package remuda_test

import (
	"context"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// lengthFrom returns how many inputs a test is to use: what the environment says
// or, if it says nothing, short.
func lengthFrom(t *testing.T, variable string, short int) int {
	n := short
	if s := os.Getenv(variable); s != "" {
		var err error
		n, err = strconv.Atoi(s)
		require.NoError(t, err, variable)
	}
	return n
}

// TestStress does everything at once, at random, and accounts for every input:
// many senders, contexts that end, jobs that fail in every way and call their
// own pool, workers that come and go, loops that are left, and in half of the
// rounds a Close in the middle of it. Length: REMUDA_STRESS, in inputs.
func TestStress(t *testing.T) { testStress(t, false) }

// The same with keyed pools, and inputs of three keys.
func TestKeyedStress(t *testing.T) { testStress(t, true) }

func testStress(t *testing.T, keyed bool) {
	const round = 2_000
	length := lengthFrom(t, "REMUDA_STRESS", 40_000)
	var configs []remuda.Config
	for _, queue := range []int{remuda.Unbuffered, 1, 2, 3, 16, 0} {
		for _, workers := range []int{1, 2, 3, 8, 100} {
			configs = append(configs, remuda.Config{Queue: queue, Initial: workers, Inline: workers == 3})
		}
	}
	rand.Shuffle(len(configs), func(i, j int) { configs[i], configs[j] = configs[j], configs[i] })
	for done := 0; done < length; done += round {
		cfg := configs[done/round%len(configs)]
		s := &stress{cfg: cfg, length: round, keyed: keyed}
		if done/round%3 == 2 && !keyed {
			s.size = []int{1, 2, 7, 100}[rand.IntN(4)]
		}
		for _, fault := range s.run() {
			t.Errorf("queue %d, %d workers, batches of %d: %s", cfg.Queue, cfg.Initial, s.size, fault)
		}
		if t.Failed() {
			break
		}
	}
}

// A stress is one round of it.
type stress struct {
	rig
	cfg    remuda.Config
	keyed  bool
	length int // in inputs, without those of nested calls
	size   int // of a batch; 0 for a pool without
	left   atomic.Int64
}

func (s *stress) run() (faults []string) {
	s.nap = func(ctx context.Context, n int) {
		for i := 0; i < 10*n && ctx.Err() == nil; i++ {
			runtime.Gosched()
		}
	}
	var err error
	if s.size > 0 {
		s.pool, err = remuda.StartBatchesWithConfig(s.cfg, s.size, time.Duration(rand.IntN(3))*50*time.Microsecond, s.doBatch)
	} else {
		var mws []remuda.Middleware
		if rand.IntN(2) == 0 {
			mws = append(mws, s.middleware())
		}
		if s.keyed {
			s.keys = newKeyLedger(&s.ledger)
			s.pool, err = remuda.StartKeyedWithConfig(s.cfg, keyOf, s.rig.Do, mws...)
		} else {
			s.pool, err = remuda.StartWithConfig(s.cfg, s.rig.Do, mws...)
		}
	}
	if err != nil {
		return []string{err.Error()}
	}
	s.pool.OnDrop(func(t task, _ error) { t.entry.dropped.Add(1) })
	s.left.Store(int64(s.length))
	for range 1 + rand.IntN(10) {
		s.wg.Go(func() {
			for s.left.Load() > 0 {
				s.step()
			}
		})
	}
	if rand.IntN(2) == 0 {
		s.wg.Go(func() { // in the middle of it
			for middle := rand.Int64N(int64(s.length)); s.left.Load() > middle; {
				runtime.Gosched()
			}
			_ = s.pool.CloseWithTimeout(time.Duration(rand.IntN(3)) * time.Millisecond)
		})
	}
	over := make(chan struct{})
	churned := make(chan struct{})
	go func() {
		defer close(churned)
		s.churn(over)
	}()
	s.wg.Wait()
	close(over)
	<-churned
	if err := s.pool.Close(bg); err != nil && s.pool.Current() != 0 {
		s.ledger.fault("Close: %v", err)
	}
	s.wg.Wait() // runs may have started something
	return s.ledger.close(s.pool.Stats())
}

// churn changes the number of workers until over is closed, and sees to it that
// there are some in between, or nobody would come on.
func (s *stress) churn(over <-chan struct{}) {
	for {
		select {
		case <-over:
			return
		default:
		}
		_ = s.resize(rand.IntN(16))
		s.nap(bg, 1)
		_ = s.pool.Resize(s.cfg.Initial)
		s.nap(bg, rand.IntN(5))
	}
}

// step hands over an input, or a few.
func (s *stress) step() {
	ctx, done := s.context()
	defer done()
	t := task{n: rand.IntN(8)}
	if rand.IntN(4) == 0 {
		t.kind, t.sub = anyKind(), anyKind()
	}
	s.left.Add(-1)
	switch rand.IntN(12) {
	case 0, 1, 2, 3, 4:
		_ = s.send(ctx, t)
	case 5, 6:
		_ = s.trySend(t)
	case 7:
		_ = s.submit(ctx, t, ctx)
	case 8, 9:
		apart(func() { _ = s.do(ctx, t) })
	case 10:
		n := rand.IntN(200)
		if rand.IntN(4) == 0 {
			n *= 10
		}
		s.left.Add(int64(-n))
		tasks := make([]task, n)
		for i := range tasks {
			if tasks[i] = t; rand.IntN(16) == 0 {
				tasks[i].kind = anyKind()
			}
		}
		s.loop(ctx, rand.IntN(3), tasks, rand.IntN(2*n+1))
	default:
		for range 20 {
			_ = s.trySend(t)
		}
		s.left.Add(-20)
	}
}

// context makes a context, some of which end soon.
func (s *stress) context() (context.Context, context.CancelFunc) {
	switch rand.IntN(5) {
	case 0, 1:
		return bg, func() {}
	case 2:
		return context.WithCancel(bg)
	case 3:
		return context.WithTimeout(bg, time.Duration(rand.IntN(500))*time.Microsecond)
	default:
		ctx, cancel := context.WithCancel(bg)
		s.wg.Go(func() {
			s.nap(bg, rand.IntN(10))
			cancel()
		})
		return ctx, cancel
	}
}

// anyKind chooses how a run goes. One that closes the pool would end most
// rounds early.
func anyKind() taskKind {
	k := taskKind(rand.IntN(int(taskKinds)))
	if k == thatCloses && rand.IntN(50) > 0 {
		k = thatYields
	}
	return k
}
