package remuda

import (
	"fmt"
	"sync"
	"time"
)

// MaxHerdSize is the most gophers that a [Herd] can have. A gopher that has had
// nothing to do costs nothing, so this is but a guard against typing errors.
const MaxHerdSize = 1_000_000

// SetHerdSize makes the number of gophers n, before Start or at any time after.
// It never blocks: gophers that are one too many end after the unit they have in
// hand. It returns [ErrMinReached] for a negative n, [ErrMaxReached] for one
// above MaxHerdSize, and [ErrPoolClosed] after Close; the size is then as it was.
func (h *Herd[Body, Result]) SetHerdSize(n int) error {
	return h.resize(func(int) int { return n })
}

// IncreaseHerdBy adds n gophers, as SetHerdSize does and with its errors.
func (h *Herd[Body, Result]) IncreaseHerdBy(n int) error {
	n = min(max(n, -MaxHerdSize-1), MaxHerdSize+1) // so that the sum cannot overflow
	return h.resize(func(size int) int { return size + n })
}

// DecreaseHerdBy takes n gophers out, as SetHerdSize does and with its errors.
func (h *Herd[Body, Result]) DecreaseHerdBy(n int) error {
	n = min(max(n, -MaxHerdSize-1), MaxHerdSize+1)
	return h.IncreaseHerdBy(-n)
}

// HerdSize returns the number of gophers that there should be: what SetHerdSize
// and the like made of it. It is 0 after Close.
func (h *Herd[Body, Result]) HerdSize() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.size
}

// resize makes the size what to makes of it. The pool is resized under the same
// lock, so that of several concurrent calls the last one counts here and there;
// Resize does not block.
func (h *Herd[Body, Result]) resize(to func(size int) int) (err error) {
	h.mu.Lock()
	before := h.size
	after := to(before)
	switch {
	case h.closed:
		err = ErrPoolClosed
	case after < 0:
		err = fmt.Errorf("%w: herd size cannot be negative", ErrMinReached)
	case after > MaxHerdSize:
		err = fmt.Errorf("%w: herd size cannot exceed %d", ErrMaxReached, MaxHerdSize)
	}
	if err != nil {
		h.mu.Unlock()
		return err
	}
	h.size = after
	if h.started {
		_ = h.pool.Resize(after) // refused only if all work is done
	}
	if after == 0 {
		h.pool.setBound(0) // SendWork waits for a gopher
	}
	h.mu.Unlock()
	if after != before {
		h.logf("herd size: %d, was %d", after, before)
	}
	return nil
}

const (
	// paceSample is after how many units a herd looks at its pace.
	paceSample = 64

	// quickUnit is how fast a herd must finish units for SendWork to run ahead,
	// and maxAhead how far. A hand-off, with its two goroutine switches, costs
	// 500 to 600 ns, against 90 to 130 with a queue of 1024; below 256 the
	// queue brings little. Where a unit takes 5 µs or more, that is noise, and
	// SendWork keeps its promise to the letter.
	quickUnit = 5 * time.Microsecond
	maxAhead  = DefaultQueue
)

// pace measures how fast a herd finishes units of work.
type pace struct {
	epoch time.Time

	mu    sync.Mutex // guards the rest: the last look
	at    time.Duration
	units uint64
}

// look returns how many units SendWork may be ahead of the gophers from now on,
// or false if there were too few since the last look to tell.
func (p *pace) look(units uint64) (ahead int, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Since(p.epoch)
	elapsed, n := now-p.at, units-p.units
	if n < paceSample {
		return 0, false
	}
	p.at, p.units = now, units
	if elapsed < time.Duration(n)*quickUnit {
		return maxAhead, true
	}
	return 0, true
}
