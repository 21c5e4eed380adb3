package autoscale_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/autoscale"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var bg = context.Background()

// A service is a pool under load, in a bubble. Its jobs sleep, and don't end just when Run looks.
type service struct {
	t       *testing.T
	pool    *remuda.Pool[time.Time, remuda.Void]
	runTime time.Duration
	random  *rand.Rand

	mu      sync.Mutex // guards the rest
	resized []int      // what it was resized to
	waits   []time.Duration
}

// Resize makes a service what is scaled, and notes how.
func (s *service) Resize(n int) error {
	s.mu.Lock()
	s.resized = append(s.resized, n)
	s.mu.Unlock()
	return s.pool.Resize(n)
}

func (s *service) Stats() remuda.Stats { return s.pool.Stats() }

// do is the job. Its input is when it was sent.
func (s *service) do(_ context.Context, sent time.Time) (remuda.Void, error) {
	s.mu.Lock()
	s.waits = append(s.waits, time.Since(sent))
	s.mu.Unlock()
	time.Sleep(s.runTime)
	return remuda.Void{}, nil
}

// serve has test use a service whose pool is scaled.
func serve(t *testing.T, pool remuda.Config, cfg autoscale.Config, test func(s *service)) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{t: t, runTime: 49 * time.Millisecond, random: rand.New(rand.NewPCG(1, 2))}
		var err error
		s.pool, err = remuda.StartWithConfig(pool, s.do)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(bg)
		ended := make(chan error, 1)
		go func() { ended <- autoscale.Run(ctx, s, cfg) }()
		defer func() {
			cancel()
			assert.ErrorIs(t, <-ended, context.Canceled)
			assert.NoError(t, s.pool.Close(bg))
		}()
		test(s)
	})
}

// load sends so many inputs a second, at random times, for so long, and forgets what was
// before.
func (s *service) load(perSecond float64, d time.Duration) {
	s.mu.Lock()
	s.resized, s.waits = nil, nil
	s.mu.Unlock()
	for end := time.Now().Add(d); ; {
		time.Sleep(time.Duration(s.random.ExpFloat64() / perSecond * float64(time.Second)))
		if !time.Now().Before(end) {
			synctest.Wait()
			return
		}
		require.NoError(s.t, s.pool.Send(bg, time.Now()))
	}
}

// p95 is how long 95 % waited at most.
func (s *service) p95() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.Sort(s.waits)
	return s.waits[len(s.waits)*95/100]
}

var (
	roomy = remuda.Config{Queue: 100_000}
	usual = autoscale.Config{Max: 100, Target: 100 * time.Millisecond, Every: time.Second}
)

// 200 runs a second of 49 ms each keep ten workers busy.
func TestConvergesAndStays(t *testing.T) {
	for _, initial := range []int{1, 60} {
		pool := roomy
		pool.Initial = initial
		serve(t, pool, usual, func(s *service) {
			s.load(200, 30*time.Second)
			s.load(200, 2*time.Minute)
			require.GreaterOrEqual(t, s.pool.Current(), 10)
			require.LessOrEqual(t, s.pool.Current(), 15)
			require.Less(t, s.p95(), 100*time.Millisecond)
			s.mu.Lock()
			resized := s.resized
			s.mu.Unlock()
			require.LessOrEqual(t, len(resized), 12, "in 120 decisions: %v", resized)
			for _, n := range resized {
				require.GreaterOrEqual(t, n, 10)
				require.LessOrEqual(t, n, 16)
			}
		})
	}
}

func TestFollowsSteps(t *testing.T) {
	serve(t, roomy, usual, func(s *service) {
		s.load(100, 30*time.Second) // 5 workers are busy
		for range 3 {
			s.load(1000, 3*time.Second) // 50
			require.GreaterOrEqual(t, s.pool.Current(), 50)
			s.load(1000, 10*time.Second)
			require.LessOrEqual(t, s.pool.Current(), 85, "some for what has piled up")
			s.load(1000, 30*time.Second)
			require.LessOrEqual(t, s.pool.Current(), 62)
			require.Less(t, s.p95(), 100*time.Millisecond)
			s.load(100, 30*time.Second)
			require.LessOrEqual(t, s.pool.Current(), 9)
			require.Less(t, s.p95(), 100*time.Millisecond)
		}
	})
}

func TestSurvivesABurst(t *testing.T) {
	serve(t, roomy, usual, func(s *service) {
		s.load(20, 30*time.Second) // one worker is busy
		before := s.pool.Current()
		for range 20_000 { // 1,000 s of work
			require.NoError(t, s.pool.Send(bg, time.Now()))
		}
		time.Sleep(5 * time.Second)
		require.Equal(t, 100, s.pool.Current())
		time.Sleep(10 * time.Second)
		require.Zero(t, s.pool.Stats().Queued)
		s.load(20, time.Minute)
		require.LessOrEqual(t, s.pool.Current(), before+1)
		require.Less(t, s.p95(), 100*time.Millisecond)
	})
}

// Of jobs that take longer than it is between decisions, nothing is known for long.
func TestSlowJobs(t *testing.T) {
	serve(t, roomy, usual, func(s *service) {
		s.runTime = 30 * time.Second
		s.load(1, time.Minute)
		s.load(1, 10*time.Minute) // 30 are busy
		require.GreaterOrEqual(t, s.pool.Current(), 30)
		require.Less(t, s.p95(), 5*time.Second)
		s.mu.Lock()
		defer s.mu.Unlock()
		require.LessOrEqual(t, slices.Max(s.resized), 50, "one for each that waits is enough")
	})
	serve(t, roomy, usual, func(s *service) {
		s.runTime = 30 * time.Second
		for range 60 {
			require.NoError(t, s.pool.Send(bg, time.Now()))
		}
		time.Sleep(8 * time.Second)
		require.GreaterOrEqual(t, s.pool.Current(), 60, "before the first has ended")
	})
}

// Senders that wait for a place are not in the queue.
func TestBlockedSenders(t *testing.T) {
	for _, queue := range []int{remuda.Unbuffered, 1} {
		serve(t, remuda.Config{Queue: queue}, usual, func(s *service) {
			ctx, cancel := context.WithCancel(bg)
			for range 20 {
				go func() {
					for s.pool.Send(ctx, time.Now()) == nil {
					}
				}()
			}
			time.Sleep(time.Minute)
			require.Equal(t, usual.Max, s.pool.Current(), "20 senders have work for any number of workers")
			cancel()
			time.Sleep(time.Minute)
			require.Equal(t, 1, s.pool.Current())
		})
	}
}

func TestStaysWithinMinAndMax(t *testing.T) {
	serve(t, remuda.Config{Initial: 20, Queue: 100_000}, autoscale.Config{Min: 3, Max: 8}, func(s *service) {
		synctest.Wait()
		require.Equal(t, 8, s.pool.Current(), "immediately")
		s.load(1000, 10*time.Second)
		require.Equal(t, 8, s.pool.Current())
		for s.pool.Stats().Queued > 0 {
			time.Sleep(time.Second)
		}
		s.load(1, time.Minute)
		require.Equal(t, 3, s.pool.Current())
	})
}

// A load that comes and goes as often as it decides, or more often, does not move it.
func TestLoadInStepWithDecisions(t *testing.T) {
	for _, half := range []time.Duration{50 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second} {
		serve(t, roomy, usual, func(s *service) {
			var resized []int
			for i := range int(2 * time.Minute / half) {
				s.load([]float64{20, 400}[i%2], half) // 1 or 20 are busy
				if i > int(time.Minute/half) {
					s.mu.Lock()
					resized = append(resized, s.resized...)
					s.mu.Unlock()
				}
			}
			require.LessOrEqual(t, len(resized), 12, "half %v, in 60 decisions: %v", half, resized)
			require.LessOrEqual(t, s.pool.Current(), 45)
		})
	}
}

// Short times between decisions are for bursts.
func TestBurstToAnIdlePool(t *testing.T) {
	often := usual
	often.Every = 10 * time.Millisecond
	serve(t, roomy, often, func(s *service) {
		time.Sleep(time.Minute)
		for range 400 {
			require.NoError(t, s.pool.Send(bg, time.Now()))
		}
		time.Sleep(time.Second)
		require.Zero(t, s.pool.Stats().Queued)
		require.Less(t, s.p95(), time.Second/2)
		time.Sleep(time.Second)
		require.Equal(t, 1, s.pool.Current())
	})
}

// It starts from what others made of the number of workers.
func TestOthersMayResize(t *testing.T) {
	serve(t, roomy, usual, func(s *service) {
		s.load(200, 30*time.Second)
		require.NoError(t, s.pool.Resize(1))
		s.load(200, 5*time.Second)
		require.GreaterOrEqual(t, s.pool.Current(), 10)
		require.NoError(t, s.pool.Resize(80))
		s.load(200, 30*time.Second)
		require.LessOrEqual(t, s.pool.Current(), 15)
	})
}

func TestEndsWithThePool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := remuda.Start(1, func(context.Context, int) (int, error) { return 0, nil })
		require.NoError(t, err)
		ended := make(chan error)
		go func() { ended <- autoscale.Run(bg, p, usual) }()
		time.Sleep(10 * time.Second)
		require.NoError(t, p.Close(bg))
		require.Equal(t, remuda.ErrPoolClosed, <-ended)
	})
}

func TestErrors(t *testing.T) {
	unstarted := remuda.New[int, int]()
	require.ErrorIs(t, autoscale.Run(bg, unstarted, usual), remuda.ErrNotStarted)

	p, err := remuda.StartWithConfig(remuda.Config{Max: 5}, func(context.Context, int) (int, error) { return 0, nil })
	require.NoError(t, err)
	defer func() { require.NoError(t, p.Close(bg)) }()
	err = autoscale.Run(bg, p, autoscale.Config{Min: 6, Max: 10})
	require.ErrorIs(t, err, remuda.ErrMaxReached)
	require.ErrorContains(t, err, "remuda: autoscale to 6 workers")

	for text, cfg := range map[string]autoscale.Config{
		"Min -1 is negative":     {Min: -1, Max: 1},
		"Max 0 is less than Min": {},
		"Max 2 is less than Min": {Min: 3, Max: 2},
		"Target -1ns is":         {Max: 1, Target: -1},
		"Every 9ns is less":      {Max: 1, Every: 9},
	} {
		err := autoscale.Run(bg, p, cfg)
		require.ErrorIs(t, err, autoscale.ErrInvalidConfig)
		require.ErrorContains(t, err, text)
	}

	ctx, cancel := context.WithCancel(bg)
	cancel()
	require.ErrorIs(t, autoscale.Run(ctx, p, usual), context.Canceled)
}
