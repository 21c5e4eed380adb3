//go:build !race

// The race detector makes sync.Pool forget at random, and so changes what
// allocates.

package remuda_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

func benchHerd(tb testing.TB, size, retries int, process func(*work) remuda.Status) *herd {
	tb.Helper()
	h := remuda.NewHerd(process)
	require.NoError(tb, h.SetHerdSize(size))
	require.NoError(tb, h.SetMaxRetries(retries))
	require.NoError(tb, h.Start())
	tb.Cleanup(func() {
		go func() {
			for range h.OutputChan() {
			}
		}()
		require.NoError(tb, h.Close(context.Background()))
	})
	return h
}

func BenchmarkHerd(b *testing.B) {
	for _, size := range []int{1, 2, 10, 100} {
		b.Run(fmt.Sprintf("gophers=%d", size), func(b *testing.B) {
			h := benchHerd(b, size, 0, succeed)
			b.ReportAllocs()
			go func() {
				for range b.N {
					_ = h.SendWork(work{})
				}
			}()
			for range b.N {
				<-h.OutputChan()
			}
		})
	}
}

func BenchmarkHerdRetry(b *testing.B) {
	for _, size := range []int{1, 2, 10} {
		b.Run(fmt.Sprintf("gophers=%d", size), func(b *testing.B) {
			h := benchHerd(b, size, b.N/100, again)
			b.ReportAllocs()
			for range 100 {
				require.NoError(b, h.SendWork(work{}))
			}
			for range 100 {
				<-h.OutputChan()
			}
		})
	}
}

// A unit costs no allocation, from SendWork to the output, with retries.
func TestHerdAllocations(t *testing.T) {
	type key struct{}
	for name, tt := range map[string]struct {
		ctx  context.Context
		most float64
	}{
		"SendWork":        {bg, 0},
		"SendWorkContext": {context.WithValue(bg, key{}, 1), 1 + 2}, // one for each try
	} {
		t.Run(name, func(t *testing.T) {
			h := benchHerd(t, 2, 2, func(w *work) remuda.Status {
				if w.Retries() < 2 {
					return remuda.Retry
				}
				return remuda.Success
			})
			var err error
			one := func() {
				if err == nil {
					err = h.SendWorkContext(tt.ctx, work{ID: "a"})
				}
				<-h.OutputChan()
			}
			for range 5000 { // the queue and the gophers are made on first need
				one()
			}
			require.LessOrEqual(t, testing.AllocsPerRun(1000, one), tt.most)
			require.NoError(t, err)
		})
	}
}
