package dispatch

// AcceptBatch accepts n inputs that the caller is to run. It returns false if the
// dispatcher drains.
func (d *state[T, S]) AcceptBatch(b *Batch, n int) bool { return acceptBatch(d, b, n, inTurn) }

// AcceptAtOnce is AcceptBatch for inputs that all begin together. Next then tells
// that they end.
func (d *state[T, S]) AcceptAtOnce(b *Batch, n int) bool { return acceptBatch(d, b, n, atOnce) }

func acceptBatch[T, S any](d *state[T, S], b *Batch, n int, begin uint64) bool {
	d.inMu.Lock()
	defer d.inMu.Unlock()
	if d.phase >= draining {
		return false
	}
	d.accepted += uint64(n)
	b.reset(n, begin)
	d.batches.PushFront(b, &b.links)
	return true
}

// SplitBatch makes rest of the last inputs of b that have not begun: of all, or of
// half of them (or the only one). It returns the index in b of the first and how
// many there are; none if all have begun.
func (d *state[T, S]) SplitBatch(b, rest *Batch, all bool) (from, n int) {
	d.inMu.Lock()
	defer d.inMu.Unlock()
	for {
		s := b.state.Load()
		if n = leftOf(s); n == 0 {
			return 0, 0
		}
		if !all {
			n = (n + 1) / 2
		}
		from = get(s, sizeShift) - n
		if b.state.CompareAndSwap(s, s-uint64(n)<<sizeShift) {
			rest.reset(n, inTurn)
			d.batches.PushFront(rest, &rest.links)
			return from, n
		}
	}
}

// FinishBatch ends a batch of which Next has returned false. It reports whether
// its worker is needed elsewhere; where items are gathered, no worker stays with
// batches.
func (d *Dispatcher[T, S]) FinishBatch(b *Batch) (elsewhere bool) {
	var e effects[T, S]
	d.inMu.Lock()
	t, _ := b.tally()
	d.inline.Add(&t)
	d.batches.Remove(&b.links)
	elsewhere = d.Gathering.Size == 0 && d.phase < draining && (d.roster.surplus() || d.workWaitsLocked())
	d.noteResolvedLocked(&e)
	d.inMu.Unlock()
	d.apply(&e)
	return elsewhere && d.NeededElsewhere()
}

// NeededElsewhere reports whether a worker that runs batches is needed elsewhere.
func (d *state[T, S]) NeededElsewhere() bool {
	d.outMu.Lock()
	d.inMu.Lock()
	defer d.outMu.Unlock()
	defer d.inMu.Unlock()
	if !d.hasWorkLocked() {
		d.roster.unserved = false
	}
	return d.phase < draining && (d.roster.surplus() || d.workWaitsLocked())
}
