package middleware_test

import (
	"context"
	"errors"
	"expvar"
	"fmt"
	"log/slog"
	"os"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

// shoe is a job that fails for one horse.
func shoe(_ context.Context, horse string) (string, error) {
	if horse == "Diablo" {
		return "", errors.New("kicks")
	}
	return horse + " is shod", nil
}

// Chains need no type arguments; the first is outermost.
func Example() {
	var counter middleware.Counter
	pool := remuda.New[string, string](&counter, middleware.Retry(3))
	_ = pool.Start(remuda.Func(shoe))
	out, err := pool.Do(context.Background(), "Hank")
	fmt.Println(out, err)
	_, err = pool.Do(context.Background(), "Diablo")
	fmt.Println(err)
	_ = pool.Close(context.Background())
	fmt.Println(counter.Finished(), "horses,", counter.Failed(), "failed")
	// Output:
	// Hank is shod <nil>
	// remuda: retry: after 4 attempts: kicks
	// 2 horses, 1 failed
}

func ExampleCounter() {
	var counter middleware.Counter
	pool := remuda.New[string, string](&counter)
	_ = pool.Start(remuda.Func(shoe))
	_, _ = pool.DoAll(context.Background(), []string{"Hank", "Diablo", "Dusty"})
	_ = pool.Close(context.Background())
	fmt.Printf("%+v\n", counter.Snapshot())
	// Output: {Started:3 Finished:3 Failed:1 Dropped:0 Running:0}
}

func ExampleElapsed() {
	var elapsed middleware.Elapsed
	pool := remuda.New[string, string](&elapsed)
	_ = pool.Start(remuda.Func(shoe))
	_, _ = pool.DoAll(context.Background(), []string{"Hank", "Dusty"})
	_ = pool.Close(context.Background())
	s := elapsed.Snapshot()
	fmt.Println(s.Finished, s.Average == s.Total/2, s.Min <= s.P50, s.P99 <= s.Max)
	// Output: 2 true true true
}

func ExampleRetry() {
	attempts := 0
	flaky := remuda.NoContext(func(horse string) (string, error) {
		if attempts++; attempts < 3 {
			return "", errors.New("kicks")
		}
		return horse + " is shod", nil
	})
	pool := remuda.New[string, string](middleware.Retry(5,
		middleware.Backoff(time.Millisecond, time.Second),
		middleware.Budget(time.Minute),
		middleware.OnRetry(func(_ context.Context, attempt int, err error) {
			fmt.Printf("attempt %d, since it %v\n", attempt, err)
		}),
	))
	_ = pool.Start(flaky)
	fmt.Println(pool.Do(context.Background(), "Diablo"))
	_ = pool.Close(context.Background())
	// Output:
	// attempt 2, since it kicks
	// attempt 3, since it kicks
	// Diablo is shod <nil>
}

func ExampleRetryIf() {
	errBusy := errors.New("busy")
	attempts := 0
	job := remuda.Wrap(
		remuda.NoContext(func(int) (int, error) { attempts++; return 0, errors.New("no such horse") }),
		middleware.Retry(5, middleware.RetryIf(func(err error) bool { return errors.Is(err, errBusy) })),
	)
	_, err := job.Do(context.Background(), 1)
	fmt.Println(attempts, err)
	// Output: 1 no such horse
}

func ExamplePermanent() {
	attempts := 0
	job := remuda.Wrap(
		remuda.NoContext(func(int) (int, error) {
			attempts++
			return 0, middleware.Permanent(errors.New("lame"))
		}),
		middleware.Retry(5),
	)
	_, err := job.Do(context.Background(), 1)
	fmt.Println(attempts, err, errors.Is(err, middleware.ErrNotRetryable))
	// Output: 1 lame true
}

func ExampleWait() {
	pool := remuda.New[int, int](middleware.Wait(5 * time.Millisecond))
	_ = pool.Start(remuda.NoError(func(_ context.Context, n int) int { return n * n }))
	begin := time.Now()
	outs, _ := pool.DoAll(context.Background(), []int{1, 2, 3})
	fmt.Println(outs, time.Since(begin) >= 15*time.Millisecond)
	_ = pool.Close(context.Background())
	// Output: [1 4 9] true
}

func ExampleLogger() {
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch a.Key { // what differs from time to time
			case slog.TimeKey, "duration", "queued":
				return slog.Attr{}
			}
			return a
		},
	}))
	pool := remuda.Must(remuda.NewWithConfig[string, string](
		remuda.Config{Name: "smithy"},
		middleware.Logger(log, middleware.Levels(slog.LevelInfo, slog.LevelWarn)),
	))
	_ = pool.Start(remuda.Func(shoe))
	_, _ = pool.Do(context.Background(), "Hank")
	_, _ = pool.Do(context.Background(), "Diablo")
	_ = pool.Close(context.Background())
	// Output:
	// level=INFO msg="job succeeded" pool=smithy worker=1 run=1 attempt=1
	// level=WARN msg="job failed" pool=smithy worker=1 run=2 attempt=1 err=kicks
}

func ExampleMetrics() {
	var metrics middleware.Metrics
	pool := remuda.New[string, string](&metrics)
	_ = pool.Start(remuda.Func(shoe))
	_, _ = pool.DoAll(context.Background(), []string{"Hank", "Diablo", "Dusty"})
	_ = pool.Close(context.Background())

	s := metrics.Snapshot()
	fmt.Println(s.Succeeded, "succeeded,", s.Failed, "failed,", s.Running, "running")
	fmt.Println(s.RunTime.Quantile(0.99) > 0)

	expvar.Publish("smithy", &metrics) // for /debug/vars
	// Output:
	// 2 succeeded, 1 failed, 0 running
	// true
}

func ExampleMetricsSnapshot_Merge() {
	var here, there middleware.Metrics
	for _, m := range []*middleware.Metrics{&here, &there} {
		_, _ = remuda.Wrap(remuda.Func(shoe), m).Do(context.Background(), "Hank")
	}
	sum := here.Snapshot().Merge(there.Snapshot())
	fmt.Println(sum.Succeeded, sum.RunTime.Count)
	// Output: 2 2
}

func ExampleTimeout() {
	pool := remuda.New[time.Duration, remuda.Void](middleware.Timeout(time.Millisecond))
	_ = pool.Start(remuda.NoOutput(func(ctx context.Context, d time.Duration) error {
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}))
	_, err := pool.Do(context.Background(), time.Hour)
	fmt.Println(err)
	var timeout *middleware.TimeoutError
	fmt.Println(errors.As(err, &timeout), errors.Is(err, context.DeadlineExceeded))
	_ = pool.Close(context.Background())
	// Output:
	// remuda: timeout after 1ms: context deadline exceeded
	// true true
}

func ExampleRate() {
	limiter := rate.NewLimiter(200, 1) // a second, and no two at once
	pool := remuda.Must(remuda.NewWithConfig[int, int](remuda.Config{Initial: 4}, middleware.Rate(limiter)))
	_ = pool.Start(remuda.NoError(func(_ context.Context, n int) int { return n * n }))
	begin := time.Now()
	outs, _ := pool.DoAll(context.Background(), []int{1, 2, 3})
	fmt.Println(outs, time.Since(begin) >= 10*time.Millisecond)
	_ = pool.Close(context.Background())
	// Output: [1 4 9] true
}

// Two pools share a farrier who has room for two horses.
func ExampleLimit() {
	farrier := middleware.Limit(semaphore.NewWeighted(2))
	config := remuda.Config{Initial: 8}
	cows := remuda.Must(remuda.NewWithConfig[string, string](config, farrier))
	race := remuda.Must(remuda.NewWithConfig[string, string](config, farrier))
	for _, pool := range []*remuda.Pool[string, string]{cows, race} {
		_ = pool.Start(remuda.Func(shoe))
		out, err := pool.Do(context.Background(), "Hank")
		fmt.Println(out, err)
		_ = pool.Close(context.Background())
	}
	// Output:
	// Hank is shod <nil>
	// Hank is shod <nil>
}

func ExampleAttrs() {
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch a.Key { // what differs from time to time
			case slog.TimeKey, "duration", "queued":
				return slog.Attr{}
			}
			return a
		},
	}))
	horse := func(ctx context.Context) []slog.Attr {
		info, _ := remuda.InfoFrom(ctx)
		return []slog.Attr{slog.Any("horse", info.Input())}
	}
	pool, _ := remuda.Start(1, shoe, middleware.Logger(log, middleware.Levels(slog.LevelInfo, slog.LevelWarn), middleware.Attrs(horse)))
	_, _ = pool.Do(context.Background(), "Hank")
	_ = pool.Close(context.Background())
	// Output:
	// level=INFO msg="job succeeded" pool="" worker=1 run=1 attempt=1 horse=Hank
}

// The pause before a retry is random, and its ceiling doubles: 10 ms, 20 ms, 40 ms,
// and then 50 ms.
func ExampleBackoff() {
	job := remuda.Wrap(remuda.Func(shoe),
		middleware.Retry(4, middleware.Backoff(10*time.Millisecond, 50*time.Millisecond)))
	_, err := job.Do(context.Background(), "Diablo")
	fmt.Println(err)
	// Output: remuda: retry: after 5 attempts: kicks
}

// No retry begins once the budget is used up, however many are left.
func ExampleBudget() {
	job := remuda.Wrap(remuda.Func(shoe),
		middleware.Retry(1_000_000,
			middleware.Backoff(time.Millisecond, 2*time.Millisecond),
			middleware.Budget(20*time.Millisecond)))
	begin := time.Now()
	_, err := job.Do(context.Background(), "Diablo")
	fmt.Println(err != nil, time.Since(begin) < time.Minute)
	// Output: true true
}

func ExampleOnRetry() {
	job := remuda.Wrap(remuda.Func(shoe),
		middleware.Retry(2, middleware.OnRetry(func(_ context.Context, attempt int, err error) {
			fmt.Printf("attempt %d, after: %v\n", attempt, err)
		})))
	_, err := job.Do(context.Background(), "Diablo")
	fmt.Println(err)
	// Output:
	// attempt 2, after: kicks
	// attempt 3, after: kicks
	// remuda: retry: after 3 attempts: kicks
}
