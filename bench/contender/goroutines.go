package contender

import (
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
