package remuda_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/internal/runstate"
	"github.com/remuda-go/remuda/internal/sampling"
)

// clocked is a middleware that wants the time in queue, of the first input too.
type clocked struct{ saw *[]time.Duration }

func (clocked) WantsQueueTime() bool { return true }

func (c clocked) Wrap(next remuda.Handler) remuda.Handler {
	return func(ctx context.Context) error {
		info, _ := remuda.InfoFrom(ctx)
		*c.saw = append(*c.saw, info.Queued())
		return next(ctx)
	}
}

// The time in queue is taken once somebody wants it.
func TestTimeInQueue(t *testing.T) {
	queue := func(t *testing.T, job func(ctx context.Context, n int) (int, error), mws ...remuda.Middleware) {
		p := startPool(t, remuda.Config{Paused: true}, job, mws...)
		begin := time.Now()
		for i := range 3 {
			require.NoError(t, p.TrySend(bg, i))
			time.Sleep(time.Second)
		}
		require.NoError(t, p.More())
		synctest.Wait()
		require.Equal(t, 3*time.Second, time.Since(begin))
		_, err := p.Do(bg, 9)
		require.NoError(t, err)
		require.NoError(t, p.Less())
		require.NoError(t, p.TrySend(bg, 4))
		time.Sleep(time.Minute)
		require.NoError(t, p.More())
		synctest.Wait()
	}

	bubble(t, "by a middleware that says so", func(t *testing.T) {
		var saw []time.Duration
		queue(t, double, clocked{&saw})
		require.Len(t, saw, 5)
		for i, want := range []time.Duration{3 * time.Second, 2 * time.Second, time.Second, 0, time.Minute} {
			assert.InDelta(t, want, saw[i], 10, "run %d", i)
		}
	})

	bubble(t, "by a job that asks, from then on", func(t *testing.T) {
		var saw []time.Duration
		queue(t, func(ctx context.Context, n int) (int, error) {
			info, _ := remuda.InfoFrom(ctx)
			saw = append(saw, info.Queued())
			return n, nil
		})
		require.Len(t, saw, 5)
		for i, want := range []time.Duration{0, 0, 0, 0, time.Minute} {
			assert.InDelta(t, want, saw[i], 10, "run %d", i)
		}
	})

	bubble(t, "of an input of Map, from when its worker took it", func(t *testing.T) {
		var saw []time.Duration
		p := startPool(t, remuda.Config{}, func(_ context.Context, n int) (int, error) {
			time.Sleep(time.Second)
			return n, nil
		}, clocked{&saw})
		for range p.Map(bg, counted(3)) {
		}
		require.Len(t, saw, 3)
		for _, d := range saw {
			assert.InDelta(t, 0, d, 10)
		}
	})
}

// An input of a loop waits from when its worker took it out of the sequence.
func TestTimeInBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waited := make(map[int]time.Duration)
		p := startPool(t, remuda.Config{Paused: true}, func(ctx context.Context, n int) (int, error) {
			info, _ := remuda.InfoFrom(ctx)
			waited[n] = info.Queued()
			if n == 1 {
				time.Sleep(time.Second)
			}
			return n, nil
		})
		loop := async(func() ([]int, error) { return p.DoAll(bg, upTo(3)) })
		require.NoError(t, p.More())
		_, err := loop.wait()
		require.NoError(t, err)
		require.InDelta(t, time.Second, waited[2], float64(time.Microsecond), "behind the second input, in its batch")
	})
}

// sampled is a middleware for which a sample of the times in queue will do.
type sampled struct{ saw *[]sample }

type sample struct {
	queued time.Duration
	inputs int // that it stands for
}

func (sampled) SamplesQueueTime() bool { return true }

func (s sampled) Wrap(next remuda.Handler) remuda.Handler {
	return func(ctx context.Context) error {
		if run := runstate.Of(ctx); run.Inputs > 0 {
			*s.saw = append(*s.saw, sample{run.Queued, int(run.Inputs)})
		}
		return next(ctx)
	}
}

// Where inputs are frequent and a sample will do, one stands for many; together
// they stand for all.
func TestSampleOfTimesInQueue(t *testing.T) {
	bubble(t, "of the queue", func(t *testing.T) {
		var saw []sample
		p := startPool(t, remuda.Config{Paused: true, Queue: 100_000}, double, sampled{&saw})
		send := func(n int) {
			for i := range n {
				require.NoError(t, p.TrySend(bg, i))
			}
		}
		run := func() {
			time.Sleep(time.Second)
			saw = nil
			require.NoError(t, p.More())
			synctest.Wait()
			require.NoError(t, p.Less())
		}
		const few, strides = sampling.Burst + 1, 10 // the last of few finds that they are many
		send(few + strides*sampling.Stride)
		run()
		require.Len(t, saw, few+strides)
		for i, s := range saw {
			require.InDelta(t, time.Second, s.queued, 10)
			if i < few {
				require.Equal(t, 1, s.inputs)
			} else {
				require.Equal(t, sampling.Stride, s.inputs)
			}
		}

		for range sampling.Stride + 3 { // until the pool notices that they are few
			send(1)
			time.Sleep(time.Second)
		}
		run()
		require.Len(t, saw, 1+3)
		require.Equal(t, []int{sampling.Stride, 1, 1, 1}, []int{saw[0].inputs, saw[1].inputs, saw[2].inputs, saw[3].inputs})
		require.InDelta(t, 2*time.Second, saw[3].queued, 10)
	})

	bubble(t, "of a loop, one in each batch", func(t *testing.T) {
		var saw []sample
		p := startPool(t, remuda.Config{}, double, sampled{&saw})
		const inputs = 2000
		for range p.Map(bg, counted(inputs)) {
		}
		require.Less(t, len(saw), inputs/4, "once there are batches")
		sum := 0
		for _, s := range saw {
			sum += s.inputs
		}
		require.Equal(t, inputs, sum)
	})

	bubble(t, "of a loop whose batches are cut short", func(t *testing.T) {
		var saw []sample
		ran := 0
		p := startPool(t, remuda.Config{}, func(_ context.Context, n int) (int, error) {
			ran++ // there is one worker
			time.Sleep(time.Microsecond / 10)
			if n%200 > 150 {
				time.Sleep(time.Duration(n%7) * 10 * time.Microsecond)
			}
			return n, nil
		}, sampled{&saw})
		const inputs = 4000
		for range p.Map(bg, counted(inputs)) {
		}
		require.Equal(t, inputs, ran)
		sum, behind := 0, 0
		for _, s := range saw {
			sum += s.inputs
			if s.inputs > 1 && s.queued > 0 {
				behind++
			}
		}
		require.Equal(t, inputs, sum)
		require.NotZero(t, behind, "samples that were not the first of their batch")
	})

	bubble(t, "until somebody asks for all", func(t *testing.T) {
		var saw []sample
		p := startPool(t, remuda.Config{}, func(ctx context.Context, n int) (int, error) {
			if n == 2*sampling.Burst-1 {
				info, _ := remuda.InfoFrom(ctx)
				_ = info.Queued()
			}
			return n, nil
		}, sampled{&saw})
		const many = 2 * sampling.Burst
		for n := range many {
			require.NoError(t, p.Send(bg, n))
		}
		synctest.Wait()
		require.Less(t, len(saw), many*2/3)
		saw = nil
		for n := range 500 {
			require.NoError(t, p.Send(bg, n))
		}
		synctest.Wait()
		require.Len(t, saw, 500)
	})
}
