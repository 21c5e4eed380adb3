package contender

import (
	"context"
	"sync"

	"github.com/remuda-go/remuda/bench/scenario"
)

// goroutines is a goroutine for each input, without any limit.
type goroutines struct{ scenario.Identity }

func newGoroutines() goroutines { return goroutines{floor("goroutines")} }

type goroutinesResizer struct {
	running sync.WaitGroup
	job     func(in int)
}

func (goroutines) Resizer(_ int, job func(in int)) scenario.Resizer {
	return &goroutinesResizer{job: job}
}

func (g *goroutinesResizer) Send(in int) { g.running.Go(func() { g.job(in) }) }
func (g *goroutinesResizer) Resize(int)  {}
func (g *goroutinesResizer) Close()      { g.running.Wait() }

// Doer starts a goroutine for each call, which answers on a channel.
func (goroutines) Doer(_, _ int, job func(in int) int) scenario.Doer { return goroutinesDoer{job} }

type goroutinesDoer struct{ job func(in int) int }

func (d goroutinesDoer) Do(ctx context.Context, _, in int) int {
	answer := make(chan int, 1)
	go func() { answer <- d.job(in) }()
	select {
	case out := <-answer:
		return out
	case <-ctx.Done():
		panic(ctx.Err())
	}
}

func (goroutinesDoer) Close() {}
