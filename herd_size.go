package remuda

import "fmt"

// SetHerdSize sets the number of gophers to n, before Start or at any time after.
// It never blocks: surplus gophers end after their current unit. It returns
// [ErrMinReached] for a negative n, [ErrMaxReached] for one above MaxHerdSize, and
// [ErrPoolClosed] after Close; the size is then as it was.
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

// HerdSize returns the number of gophers that there should be: what SetHerdSize and
// the like made of it. It is 0 after Close.
func (h *Herd[Body, Result]) HerdSize() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.size
}

// resize makes the size what to makes of it.
func (h *Herd[Body, Result]) resize(to func(size int) int) error {
	before, after, err := h.resizePool(to)
	if err == nil && after != before {
		h.logf("herd size: %d, was %d", after, before)
	}
	return err
}

// resizePool returns the size before and after. The pool is resized under the
// same lock, so that of several concurrent calls the last one counts here and
// there; Resize does not block.
func (h *Herd[Body, Result]) resizePool(to func(size int) int) (before, after int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	before = h.size
	after = to(before)
	switch {
	case h.closed:
		return before, before, ErrPoolClosed
	case after < 0:
		return before, before, fmt.Errorf("%w: herd size cannot be negative", ErrMinReached)
	case after > MaxHerdSize:
		return before, before, fmt.Errorf("%w: herd size cannot exceed %d", ErrMaxReached, MaxHerdSize)
	}
	h.size = after
	if h.started {
		_ = h.pool.Resize(after) // refused only if all work is done
	}
	return before, after, nil
}
