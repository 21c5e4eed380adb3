package remuda

const (
	// patience is how many inputs may wait for each worker that was woken and
	// has not come yet before another is woken. Waking one at a time is what
	// keeps many idle workers from costing more than few; a second one is
	// needed when the first sits behind a busy sender on the same thread.
	// Between 1 and 128 it makes no difference to throughput; without it, the
	// 99th percentile of the latency beside slow jobs grows thirtyfold.
	patience = 8
)

// A sight is what a worker found when it looked at the queue.
type sight uint8

const (
	found sight = iota // an item
	idle               // none: the worker is on the free list
	over               // none: the worker is to end
)

// look takes the next item, if there is one. It counts the last run, too: the
// lock is taken anyway.
func (p *Pool[In, Out]) look(w *worker[In, Out]) sight {
	p.head.Lock()
	p.finished.count(w.last)
	w.last = none
	var admitted *blocked[item[In, Out]]
	var start *worker[In, Out]
	p.skipGone()
	both := p.queue.left() == 0 || w.searching || p.queue.waiting.Load() > 0
	if both {
		p.mu.Lock()
	}
	for p.queue.left() == 0 {
		if admitted == nil && p.queue.taken() == 0 {
			admitted = p.handOff()
		}
		if !p.queue.turn() {
			p.queue.shrink()
			s, c := p.rest(w)
			p.mu.Unlock()
			p.head.Unlock()
			p.do(c)
			return s
		}
		p.skipGone()
	}
	p.takeFront(w)
	if both {
		p.queue.recount()
		if admitted == nil {
			admitted = p.admit(0)
		}
		if w.searching {
			start = p.endSearch(w, p.queue.left())
		}
		p.mu.Unlock()
	}
	p.head.Unlock()
	if start != nil {
		p.launch(start)
	}
	answer(admitted, nil)
	return found
}

// takeFront moves the first item of out to w. It needs head.
func (p *Pool[In, Out]) takeFront(w *worker[In, Out]) {
	it := p.queue.front()
	w.in, w.origin, w.stamp = it.in, it.origin, it.stamp
	p.queue.drop()
	if w.origin != nil && w.origin.stream != nil {
		w.stream, w.origin = w.origin.stream, nil
		p.queue.guestsOut--
	}
}

// admit accepts the items of blocked senders for which there is room, and of at
// least atLeast of them. It needs both locks, and a recount before.
func (p *Pool[In, Out]) admit(atLeast int) (list *blocked[item[In, Out]]) {
	q := &p.queue
	var last *blocked[item[In, Out]]
	var next *blocked[item[In, Out]]
	for b := q.first; b != nil && (q.hasRoom() || atLeast > 0); b = next {
		next = b.next
		if b.hasEnded() { // it is about to leave; see quitBlocked
			continue
		}
		q.unlink(b)
		p.accept(b.item)
		if last == nil {
			list = b
		} else {
			last.next = b
		}
		last = b
		atLeast--
	}
	return list
}

// handOff admits a blocked sender to a queue that has no place: the worker that
// looks at it is the place. It needs both locks, and a recount before.
func (p *Pool[In, Out]) handOff() *blocked[item[In, Out]] {
	admitted := p.admit(1)
	if admitted != nil && p.queue.bound == 0 {
		p.queue.promote() // it is taken now, whatever guests there are
		p.reindex()
	}
	return admitted
}

// rest ends the search of a worker that found nothing, and puts it on the free
// list or, if it is one too many, takes it out of the crew. It needs both locks.
func (p *Pool[In, Out]) rest(w *worker[In, Out]) (sight, chores[In, Out]) {
	p.crew.starved = false
	p.crew.arrived(w)
	if !p.closing && !p.crew.surplus() {
		p.crew.rest(w)
		return idle, chores[In, Out]{}
	}
	p.crew.leave()
	c := p.adjust()
	if p.closing { // nothing is queued, and nothing comes any more
		c.dismissed = p.crew.dismissible(true)
	}
	return over, c
}

// endSearch notes that a worker has found something, and hires the next one to
// launch if there is more: so many items that other workers may take, or senders
// that wait. That comes before the run, so that a slow run holds up nobody. It
// needs both locks: an item that came while this worker counted as searching
// called nobody, and must be seen here even if it has changed sides since.
func (p *Pool[In, Out]) endSearch(w *worker[In, Out], left int) *worker[In, Out] {
	p.crew.arrived(w)
	if p.crew.searching > 0 || left == 0 && len(p.queue.in) == 0 && p.queue.first == nil {
		return nil
	}
	return p.crew.summon()
}

// quit takes a worker that is one too many out of the crew, and hands on what
// it would have taken. It reports false if the worker is needed after all.
func (p *Pool[In, Out]) quit(w *worker[In, Out]) bool {
	p.head.Lock()
	p.finished.count(w.last)
	w.last = none
	p.mu.Lock()
	surplus := p.crew.surplus()
	var c chores[In, Out]
	if surplus {
		p.crew.arrived(w)
		p.crew.leave()
		p.crew.starved = p.crew.starved || p.queue.left() > 0
		c = p.adjust()
	}
	p.mu.Unlock()
	p.head.Unlock()
	p.do(c)
	return surplus
}
