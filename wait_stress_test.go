package remuda_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// A family is inputs that descend from one: each adds its children before it is
// resolved itself, so that none is left only when the last one is resolved.
type family struct {
	pool *remuda.Pool[member, int]
	due  *atomic.Int64 // children that may still be added, by all families
	left atomic.Int64  // members that were added and are not resolved
}

// A member is an input of a family.
type member struct {
	*family
	fate fate
}

// A fate is the way in which an input is resolved.
type fate int

const (
	memberSucceeds fate = iota
	memberFails
	memberPanics
	memberRefused // by the middleware, so that OnDrop adds its children
)

// add adds a member in any of the ways that there are. What a member adds outlives it,
// hence own.
func (f *family) add(ctx context.Context) error {
	f.left.Add(1)
	own := context.WithoutCancel(ctx)
	m := member{family: f}
	switch rand.IntN(32) {
	case 0:
		_, err := f.pool.Submit(own, m)
		return err
	case 1:
		return f.pool.Group(own).SendContext(ctx, m)
	case 2:
		_, _ = f.pool.Do(own, m) // it was accepted, whatever it ends with
		return nil
	case 3:
		for range f.pool.Map(own, func(yield func(member) bool) { yield(m) }) {
		}
		return nil
	case 4:
		m.fate = memberRefused
	case 5:
		m.fate = memberPanics
	case 6, 7, 8:
		m.fate = memberFails
	}
	return f.pool.Send(ctx, m)
}

// resolve adds up to three children, while any are due, by add. It is the last that a
// member does.
func (m member) resolve(add func() error) {
	defer m.left.Add(-1)
	for range 1 + rand.IntN(3) {
		if m.due.Add(-1) < 0 || add() != nil {
			return
		}
	}
}

// Wait is exact: in a pool where everything adds inputs in every way, while others do so
// too and workers come and go, none of the inputs that descend from what was sent before
// Wait is left when it returns. A million of them, or fewer in a hurry.
func TestWaitIsExact(t *testing.T) {
	total := int64(1_000_000)
	if testing.Short() || raceEnabled {
		total = 50_000
	}
	var due atomic.Int64
	var p *remuda.Pool[member, int]
	refuse := remuda.MiddlewareFunc(func(next remuda.Handler) remuda.Handler {
		return func(ctx context.Context) error {
			if info, _ := remuda.InfoFrom(ctx); info.Input().(member).fate == memberRefused {
				return errJob
			}
			return next(ctx)
		}
	})
	p = startPool(t, remuda.Config{Initial: 4, Queue: 1024}, func(ctx context.Context, m member) (int, error) {
		defer m.resolve(func() error {
			err := m.add(ctx)
			assert.NoError(t, err)
			return err
		})
		switch m.fate {
		case memberFails:
			return 0, errJob
		case memberPanics:
			panic(errJob)
		default:
			return 0, nil
		}
	}, refuse)
	p.OnDrop(func(m member, _ error) {
		m.resolve(func() error { // which holds up a worker, so it does not wait
			m.left.Add(1)
			err := p.TrySend(bg, member{m.family, memberSucceeds})
			if err != nil {
				m.left.Add(-1)
				m.due.Add(1)
			}
			return err
		})
	})

	const rounds = 50
	for range rounds {
		due.Store(total / rounds)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for due.Load() > 0 {
					f := &family{pool: p, due: &due}
					if !assert.NoError(t, f.add(bg)) || !assert.NoError(t, p.Wait(bg)) || !assert.Zero(t, f.left.Load(), "left when Wait returned") {
						return
					}
					_ = p.Resize(1 + rand.IntN(8))
				}
			})
		}
		wg.Wait()
		if t.Failed() {
			break
		}
	}
	s := p.Stats()
	require.Zero(t, s.Queued+s.Running+s.Yielded)
	require.GreaterOrEqual(t, int64(s.Accepted), total)
	require.NotZero(t, s.Dropped)
	require.NotZero(t, s.Panicked)
}
