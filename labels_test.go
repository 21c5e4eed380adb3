package remuda_test

import (
	"bytes"
	"context"
	"io"
	"iter"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// labelsHere returns the pprof labels of its goroutine, as a goroutine profile
// shows them: "" if there are none.
//
//go:noinline
func labelsHere() string {
	var b bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&b, 1)
	for record := range strings.SplitSeq(b.String(), "\n\n") {
		if strings.Contains(record, "remuda_test.labelsHere+") {
			for line := range strings.Lines(record) {
				if labels, ok := strings.CutPrefix(line, "# labels: "); ok {
					return strings.TrimSpace(labels)
				}
			}
			return ""
		}
	}
	return "not in the profile"
}

// labelled returns a context with a label.
func labelled(ctx context.Context, value string) context.Context {
	return pprof.WithLabels(ctx, pprof.Labels("who", value))
}

// by runs f on a goroutine that has a label, and waits for it.
func by(who string, f func()) {
	var wg sync.WaitGroup
	wg.Go(func() { pprof.Do(bg, pprof.Labels("who", who), func(context.Context) { f() }) })
	wg.Wait()
}

// labelCalls are ways to have the job run on a worker. Each waits for the run.
func labelCalls(seen chan string) map[string]func(ctx context.Context, p *remuda.Pool[int, int], n int) string {
	sent := func(err error) string {
		if err != nil {
			return err.Error()
		}
		return <-seen
	}
	called := func(call func(ctx context.Context, p *remuda.Pool[int, int], n int) error) func(context.Context, *remuda.Pool[int, int], int) string {
		return func(ctx context.Context, p *remuda.Pool[int, int], n int) string { return sent(call(ctx, p, n)) }
	}
	return map[string]func(ctx context.Context, p *remuda.Pool[int, int], n int) string{
		"Send":    func(ctx context.Context, p *remuda.Pool[int, int], n int) string { return sent(p.Send(ctx, n)) },
		"TrySend": func(ctx context.Context, p *remuda.Pool[int, int], n int) string { return sent(p.TrySend(ctx, n)) },
		"Do by hand-off": func(ctx context.Context, p *remuda.Pool[int, int], n int) string {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			return sent(nestedCalls["Do"](ctx, p, n))
		},
		"Submit": called(nestedCalls["Submit and Wait"]),
		"Map":    called(nestedCalls["Map"]),
		"DoAll":  called(nestedCalls["DoAll"]),
	}
}

// A run has the labels of its own context, and none if that has none, whoever made
// its worker and whatever ran there before.
func TestRunHasTheLabelsOfItsOwnContext(t *testing.T) {
	for _, layers := range []int{0, 1} {
		seen := make(chan string, 1)
		for name, call := range labelCalls(seen) {
			t.Run(name, func(t *testing.T) {
				p := startPool(t, remuda.Config{}, func(_ context.Context, n int) (int, error) {
					seen <- labelsHere()
					if n == 1 { // and leaves something behind
						pprof.SetGoroutineLabels(labelled(bg, "a job"))
					}
					return 0, nil
				}, idleLayers(layers)...)
				by("first", func() { require.Empty(t, call(bg, p, 0), "it starts without") })
				by("second", func() { require.Equal(t, `{"who":"caller"}`, call(labelled(bg, "caller"), p, 0)) })
				require.Empty(t, call(bg, p, 1), "of another caller")
				require.Empty(t, call(bg, p, 0), "of a job")
				require.Equal(t, `{"who":"caller"}`, call(labelled(bg, "caller"), p, 1))
				require.Equal(t, `{"who":"other"}`, call(labelled(bg, "other"), p, 0))
				require.Empty(t, call(bg, p, 0))
			})
		}
	}
}

// Runs of one loop do not see what the ones before have set either.
func TestRunsOfALoopHaveTheLabelsOfItsContext(t *testing.T) {
	p := startPool(t, remuda.Config{}, func(_ context.Context, n int) (int, error) {
		if n > 0 && n%50 == 0 {
			if got := labelsHere(); got != `{"who":"loop"}` {
				t.Errorf("run %d: %s", n, got)
			}
		}
		pprof.SetGoroutineLabels(labelled(bg, "a job"))
		return 0, nil
	})
	for range p.Map(labelled(bg, "loop"), iter.Seq[int](counted(500))) {
	}
}

// A run of Do on its caller's goroutine is like a direct call: the labels of the
// goroutine are the caller's affair.
func TestInlineDoLeavesTheLabelsAlone(t *testing.T) {
	p := startPool(t, remuda.Config{}, func(context.Context, int) (int, error) {
		require.Equal(t, `{"who":"caller"}`, labelsHere())
		return 0, nil
	})
	by("caller", func() {
		_, err := p.Do(bg, 1)
		require.NoError(t, err)
		require.Equal(t, `{"who":"caller"}`, labelsHere())
	})
}

// A worker that is idle has the labels of nobody.
func TestIdleWorkerHasNoLabels(t *testing.T) {
	p := startPool(t, remuda.Config{Initial: 3}, func(context.Context, int) (int, error) {
		pprof.SetGoroutineLabels(labelled(bg, "a job"))
		return 0, nil
	})
	for range 10 {
		_, err := p.Submit(labelled(bg, "caller"), 1)
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool {
		var b bytes.Buffer
		_ = pprof.Lookup("goroutine").WriteTo(&b, 1)
		return !strings.Contains(b.String(), `"who"`)
	}, time.Minute, time.Millisecond)
}

func TestRunOfASourceFedPoolHasNoLabels(t *testing.T) {
	var seen []string
	next := 0
	src := sourceFunc(func(context.Context) (int, error) {
		if next++; next > 5 {
			return 0, io.EOF
		}
		return next, nil
	})
	by("starter", func() {
		p := remuda.Must(remuda.NewFrom[int, int](src, remuda.Config{}))
		require.NoError(t, p.Run(bg, remuda.Func(func(context.Context, int) (int, error) {
			seen = append(seen, labelsHere())
			pprof.SetGoroutineLabels(labelled(bg, "a job"))
			return 0, nil
		})))
	})
	require.Equal(t, slices.Repeat([]string{""}, 5), seen)
}

// The workers of a loop start without labels. What the job sets stays, since all
// runs of the loop are that job's.
func TestLoopStartsWithoutLabels(t *testing.T) {
	seen := make(chan string, 1)
	by("starter", func() {
		p := remuda.Must(remuda.NewLoop(remuda.Config{}))
		require.NoError(t, p.Start(remuda.Loop(func(context.Context) error {
			select {
			case seen <- labelsHere():
			default:
			}
			return nil
		})))
		require.Empty(t, <-seen)
		require.NoError(t, p.Close(bg))
	})
}

// A job is closed without the labels of whoever sent its worker away.
func TestClosingAJobHasNoLabels(t *testing.T) {
	for name, use := range map[string]func(p *remuda.Pool[int, int]) error{
		"a worker with a goroutine": func(p *remuda.Pool[int, int]) error {
			return nestedCalls["Submit and Wait"](labelled(bg, "caller"), p, 1)
		},
		"a worker without one": func(p *remuda.Pool[int, int]) error { return nestedCalls["Do"](bg, p, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			seen := make(chan string, 1)
			p := startBuilt(t, remuda.Config{}, func() remuda.Job[int, int] { return labelCloser{seen} })
			by("caller", func() {
				require.NoError(t, use(p))
				require.NoError(t, p.Less())
				require.Empty(t, <-seen)
				require.Equal(t, `{"who":"caller"}`, labelsHere())
			})
		})
	}
}

// labelCloser tells what labels its Close sees.
type labelCloser struct{ seen chan string }

func (labelCloser) Do(_ context.Context, n int) (int, error) { return n, nil }

func (c labelCloser) Close() error {
	c.seen <- labelsHere()
	return nil
}
