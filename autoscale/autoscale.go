// Package autoscale gives a pool as many workers as its load needs.
//
//	pool, err := remuda.Start(2, fetch)
//	if err != nil { ... }
//	go func() {
//		err := autoscale.Run(ctx, pool, autoscale.Config{Max: 64, Target: 50 * time.Millisecond})
//		log.Print("the number of workers stays as it is: ", err)
//	}()
//
// It keeps the time in queue, which is the number of inputs that wait divided by how many
// the pool completes in a second, at a target or below it. It adds workers at the next
// decision, and takes them away only when they have not been needed for ten.
//
// More workers help jobs that wait: for a disk, a database, another service. Jobs that
// compute are as fast as they get with one worker for each processor, so that should be
// the maximum for those.
//
// # Kinds of pools
//
//   - Map and Stream have work for any number of workers, so a pool grows to its maximum
//     while they run. So it does while senders wait for a place in its queue.
//   - Keys ([remuda.StartKeyed]): inputs whose key is busy ask for no workers, since no
//     worker could run them. Those of one hot key may wait for longer than the target.
//     Run knows them by this: they wait although a worker is free. Where a hot key comes
//     up while all workers are busy, it adds workers for it, until the next decision.
//   - Batches ([remuda.StartBatches]): the wait for a batch to become larger is not time in
//     queue. While all workers are busy, batches grow first; then workers are added.
//   - Runs that wait for their own pool are not busy, and ask for no workers.
//   - Sources ([remuda.StartFrom]): there is no queue to go by. The pool gets enough workers
//     for up to nine tenths of them to be busy, whatever the target.
//   - Loops ([remuda.NewLoop]) are always busy and grow to the maximum: don't scale them.
//   - A [remuda.Herd] becomes a [Pool] with two methods; see the example. Gophers that wait
//     for the reader of OutputChan are busy.
package autoscale

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/remuda-go/remuda"
)

// Defaults of a [Config].
const (
	DefaultTarget = 100 * time.Millisecond
	DefaultEvery  = time.Second
)

// ErrInvalidConfig says that a [Config] contradicts itself. The error says how.
var ErrInvalidConfig = errors.New("remuda: invalid config of autoscale")

// A Config says how many workers a pool may have, and for what. Max is needed; the rest
// has defaults.
type Config struct {
	// Min and Max bound the number of workers. Min 0 means one. The pool's own Min and
	// Max hold too.
	Min, Max int

	// Target is the time that an input may wait in the queue. 0 means
	// [DefaultTarget]. With a Target shorter than Every, inputs wait longer when the
	// load rises, until the next decision.
	Target time.Duration

	// Every is the time between two decisions, each of which takes ten looks at the
	// pool's Stats. 0 means [DefaultEvery]. A short one follows bursts faster and is
	// misled by them more often.
	Every time.Duration
}

// A Pool is what can be scaled: a [remuda.Pool] of any types, or what is like one. To log
// what Run decides, wrap a pool in a type whose Resize logs. Workers and Busy of Stats,
// which package monitor and module prometheus show, tell how it does.
type Pool interface {
	Stats() remuda.Stats
	Resize(workers int) error
}

var _ Pool = (*remuda.Pool[int, int])(nil)

// Run scales a pool until ctx ends or the pool is closed, and blocks meanwhile. It always
// returns an error: that of ctx immediately, or [remuda.ErrPoolClosed] at the next
// decision. It returns any other error of Resize too: [remuda.ErrNotStarted], or that the
// pool's Min or Max leaves nothing of those in cfg. It returns [ErrInvalidConfig]
// immediately if cfg contradicts itself. It needs no goroutine but its caller's.
//
// The first decision is immediate, and brings the pool within Min and Max. Others may
// resize the pool meanwhile; the next decision starts from what they did. It starts a
// pool that is paused, since Min is one at least: to pause a pool, end Run before. Two
// calls of Run for one pool work against each other.
//
// While more than 95 % of the workers are busy, Run adds an eighth of them at each
// decision, whatever the Target: senders that wait for a place in the queue are not seen
// to wait, and a pool with a short queue, or none, should grow too.
func Run(ctx context.Context, pool Pool, cfg Config) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	cfg, err := cfg.complete()
	if err != nil {
		return err
	}
	ticks := time.NewTicker(cfg.Every / looks)
	defer ticks.Stop()
	s := scaler{cfg: cfg}
	s.begin(time.Now(), pool.Stats())
	for {
		if err := s.resize(pool); err != nil {
			return err
		}
		for range looks {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-ticks.C:
				s.look(time.Now(), pool.Stats())
			}
		}
	}
}

// complete returns cfg with its defaults.
func (cfg Config) complete() (Config, error) {
	if cfg.Min == 0 {
		cfg.Min = 1
	}
	if cfg.Target == 0 {
		cfg.Target = DefaultTarget
	}
	if cfg.Every == 0 {
		cfg.Every = DefaultEvery
	}
	switch {
	case cfg.Min < 0:
		return cfg, fmt.Errorf("%w: Min %d is negative", ErrInvalidConfig, cfg.Min)
	case cfg.Max < cfg.Min:
		return cfg, fmt.Errorf("%w: Max %d is less than Min %d", ErrInvalidConfig, cfg.Max, cfg.Min)
	case cfg.Target < 0:
		return cfg, fmt.Errorf("%w: Target %v is negative", ErrInvalidConfig, cfg.Target)
	case cfg.Every < looks:
		return cfg, fmt.Errorf("%w: Every %v is less than %v", ErrInvalidConfig, cfg.Every, time.Duration(looks))
	}
	return cfg, nil
}
