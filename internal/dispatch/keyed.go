package dispatch

// Full says what becomes of an input for which there is no place.
type Full uint8

// What there is to choose from.
const (
	Refuse Full = iota // ErrFull
	Block              // its sender waits
	Exceed             // it is accepted beyond the bound
)

// SendKeyed accepts an item with a key, for a dispatcher whose inputs have keys. If
// there is no place for it, since the queue is full, or the key has its share of it,
// full decides what becomes of it. A Waiter is as that of SendSlowly.
func SendKeyed[K comparable, T, S any](
	d *Dispatcher[T, S], lanes *Lanes[K, T], key K, item T, full Full, end <-chan struct{},
) (seq uint64, w *Waiter[T], err error) {
	var e effects[T, S]
	d.inMu.Lock()
	if d.phase != openKeyed {
		d.inMu.Unlock()
		return 0, nil, ErrClosed
	}
	l := lanes.Of(key)
	switch isNext := d.keyed.isNext(l); {
	case isNext && d.keyed.hasPlace() || full == Exceed:
		seq = acceptKeyedLocked(&d.state, l, item, &e)
	case isNext && d.Bound == 0 && d.roster.handOff(&e):
		seq = acceptKeyedLocked(&d.state, l, item, &e)
	case full == Block:
		w = d.spareWaiters.get(item, end)
		w.lane = l
		d.keyed.block(w)
	default:
		err = ErrFull
		l.Forget()
	}
	d.inMu.Unlock()
	d.apply(&e)
	return seq, w, err
}

// acceptKeyedLocked takes over an item of a lane, and sees to a worker for it.
func acceptKeyedLocked[T, S any](d *state[T, S], l *lane[T], item T, e *effects[T, S]) (seq uint64) {
	d.accepted++
	seq, isReady := d.keyed.inputs.Push(l, entry[T]{item, d.stamper.Stamp(d.Clock)})
	if isReady && !d.roster.suffices(d.keyed.ready()) {
		e.launch(d.roster.acquireSearcher())
	}
	return seq
}

// admitKeyedLocked accepts the items of blocked senders for which there is a place. It
// is called when an input has left the queue, and one behind it may be ready now: it
// wakes a worker for that, too.
func admitKeyedLocked[T, S any](d *state[T, S], e *effects[T, S]) {
	for d.keyed.hasPlace() {
		w := d.keyed.firstInLine()
		if w == nil {
			break
		}
		w.seq = acceptKeyedLocked(d, w.lane, w.item, e)
		d.keyed.unblock(w)
		e.admit(w)
	}
	if d.roster.searching == 0 && d.keyed.hasWork() {
		e.launch(d.roster.acquireSearcher())
	}
}

// fetchKeyed is fetchSlowly where inputs have keys: the worker frees the lane of the
// run before, and takes the oldest input whose lane is free.
func fetchKeyed[T, S any](d *Dispatcher[T, S], w *Worker[T, S]) (f fetched) {
	var e effects[T, S]
	d.inMu.Lock()
	w.freeLane(d.keyed)
	switch sender := d.keyed.nextHandOff(); {
	case d.keyed.ready() > 0:
		var it entry[T]
		it, w.lane = d.keyed.pop()
		w.take(it, false)
	case sender != nil:
		d.accepted++
		w.lane = sender.lane
		w.take(entry[T]{sender.item, d.stamper.Stamp(d.Clock)}, false)
		d.keyed.handOff(sender)
		e.admit(sender)
	default:
		f = d.restLocked(w, &e)
	}
	if f == item {
		admitKeyedLocked(&d.state, &e)
		d.endSearchLocked(w, &e)
	}
	d.inMu.Unlock()
	d.outMu.Unlock()
	d.apply(&e)
	return f
}

// freeLane frees the lane of the run that has ended, if there is one.
func (w *Worker[T, S]) freeLane(q *keyedQueue[T]) {
	if l := w.lane; l != nil {
		w.lane = nil
		q.free(l)
	}
}
