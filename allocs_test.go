//go:build !race

// The race detector makes sync.Pool forget at random, and so changes what
// allocates.

package remuda_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/remuda-go/remuda"
)

type allocsKey struct{}

// TestAllocations holds each path to what its documentation says. What the
// workers allocate counts, too.
func TestAllocations(t *testing.T) {
	endless := context.Background()
	cancelable, cancel := context.WithCancel(endless)
	t.Cleanup(cancel)
	valued := context.WithValue(endless, allocsKey{}, 1)
	var err error
	ok := true

	tests := []struct {
		name string
		most float64
		run  func(p *remuda.Pool[int, int])
	}{
		{"Send", 0, func(p *remuda.Pool[int, int]) { err = p.Send(endless, 1) }},
		{"Send with a context that carries something", 1, func(p *remuda.Pool[int, int]) { err = p.Send(valued, 1) }},
		{"TrySend", 0, func(p *remuda.Pool[int, int]) {
			if err = p.TrySend(endless, 1); errors.Is(err, remuda.ErrQueueFull) {
				err = nil
			}
		}},
		{"Do on the caller's goroutine", 0, func(p *remuda.Pool[int, int]) { _, err = p.Do(endless, 1) }},
		{"Do handed off", 1, func(p *remuda.Pool[int, int]) { _, err = p.Do(cancelable, 1) }},
		{"Submit and Wait", 1, func(p *remuda.Pool[int, int]) {
			var ticket *remuda.Ticket[int]
			if ticket, err = p.Submit(endless, 1); err == nil {
				_, err = ticket.Wait(endless)
			}
		}},
		{"Current and Stats", 0, func(p *remuda.Pool[int, int]) { ok = p.Current() == p.Stats().Workers }},
	}
	for _, tt := range tests {
		for name, n := range map[string]int{"": 0, ", ten layers of middleware": 10} {
			t.Run(tt.name+name, func(t *testing.T) {
				p := benchPool(t, 2, idleLayers(n)...)
				for range 10_000 { // the queue and the workers are made on first need
					tt.run(p)
				}
				assert.LessOrEqual(t, testing.AllocsPerRun(1000, func() { tt.run(p) }), tt.most)
				assert.NoError(t, err)
				assert.True(t, ok)
			})
		}
	}
}

func TestAllocationsOfWrappedJob(t *testing.T) {
	job := remuda.Wrap(remuda.Func(func(_ context.Context, in int) (int, error) { return in + 1, nil }), idleLayers(10)...)
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		if out, err := job.Do(context.Background(), 1); out != 2 || err != nil {
			t.Error(out, err)
		}
	}))
}

func TestAllocationsOfInfo(t *testing.T) {
	p := remuda.New[int, float64]()
	err := p.Start(remuda.Func(func(ctx context.Context, _ int) (float64, error) {
		return testing.AllocsPerRun(100, func() {
			if info, ok := remuda.InfoFrom(ctx); !ok || info.Worker != 1 {
				t.Error("not in a run")
			}
		}), nil
	}))
	assert.NoError(t, err)
	allocs, err := p.Do(context.Background(), 1)
	assert.NoError(t, err)
	assert.Zero(t, allocs)
	drain(t, p)
}

// TestAllocationsOfStreams allows for what a stream needs once, and for the
// batches it makes until they come back from the loop.
func TestAllocationsOfStreams(t *testing.T) {
	const items = 200_000
	seq := zeros(items)
	ctx := context.Background()
	p := benchPool(t, 2)
	for name, run := range map[string]func(){
		"Map": func() {
			n := 0
			for range p.Map(ctx, seq) {
				n++
			}
			assert.Equal(t, items, n)
		},
		"Stream": func() {
			n := 0
			for range p.Stream(ctx, seq) {
				n++
			}
			assert.Equal(t, items, n)
		},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Less(t, testing.AllocsPerRun(1, run)/items, 0.01)
		})
	}
}

func TestAllocationsOfLoop(t *testing.T) {
	ticks := loopEvery(t, 10_000)
	assert.Zero(t, testing.AllocsPerRun(10, func() { <-ticks }))
}
