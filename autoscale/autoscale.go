// Package autoscale gives a pool as many workers as its load needs.
//
//	pool, err := remuda.Start(2, fetch)
//	if err != nil { ... }
//	go autoscale.Run(ctx, pool, autoscale.Config{Max: 64, Target: 50 * time.Millisecond})
//
// It keeps the time in queue, which is the number of inputs that wait divided by how many
// the pool completes in a second, at a target or below it. It adds workers at the next
// decision, and takes them away only when they have not been needed for ten.
//
// More workers help jobs that wait: for a disk, a database, another service. Jobs that
// compute are as fast as they get with one worker for each processor, so that should be
// the maximum for those.
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
	// Min and Max bound the number of workers. Min 0 means one.
	Min, Max int

	// Target is the time that an input may wait in the queue. 0 means
	// [DefaultTarget].
	Target time.Duration

	// Every is the time between two decisions, each of which takes ten looks at the
	// pool's Stats. 0 means [DefaultEvery]. A short one follows bursts faster and is
	// misled by them more often.
	Every time.Duration
}

// A Pool is what can be scaled: a [remuda.Pool] of any types that is fed by its queue. One
// that is fed by a source has no queue to go by.
type Pool interface {
	Stats() remuda.Stats
	Resize(workers int) error
}

var _ Pool = (*remuda.Pool[int, int])(nil)

// Run scales a pool until ctx ends or the pool is closed, and blocks meanwhile. It returns
// the error of ctx or remuda.ErrPoolClosed then, and before that any other error of
// Resize: remuda.ErrNotStarted, or that the pool's own Min or Max is in the way. It returns
// [ErrInvalidConfig] immediately if cfg contradicts itself. It needs no goroutine but its
// caller's.
//
// Others may resize the pool meanwhile; the next decision starts from what they did.
// Two calls of Run for one pool work against each other.
//
// Senders that wait for a place in the queue are not seen to wait. But while more than 95 %
// of the workers are busy, Run adds an eighth of them at each decision, so a pool with a
// short queue, or none, grows too.
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
		if n := s.workers(); n != s.last.Workers {
			if err := pool.Resize(n); err != nil {
				return fmt.Errorf("remuda: autoscale to %d workers: %w", n, err)
			}
		}
		for range looks {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case now := <-ticks.C:
				s.look(now, pool.Stats())
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
