package remuda

// join adds a stream to those that are told when there are more workers, and
// returns how many there are.
func (p *Pool[In, Out]) join(s *stream[In, Out]) (workers int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.streams == nil {
		p.streams = make(map[*stream[In, Out]]struct{})
	}
	p.streams[s] = struct{}{}
	return p.crew.size
}

// part ends what join began. The claims of s that no worker has come for leave
// the queue: in a pool that is stuck they would pile up, some for each caller
// that gave up waiting.
func (p *Pool[In, Out]) part(s *stream[In, Out]) {
	p.head.Lock()
	p.mu.Lock()
	delete(p.streams, s)
	p.queue.evict(func(it item[In, Out]) bool { return it.origin == &s.origin })
	p.reindex()
	p.mu.Unlock()
	p.head.Unlock()
}

// sendClaim puts a claim of s into the queue, whether there is room or not:
// there are never more than workers. It reports whether the pool takes it.
func (p *Pool[In, Out]) sendClaim(s *stream[In, Out]) bool {
	p.mu.Lock()
	if p.closing {
		p.mu.Unlock()
		return false
	}
	p.queue.pushGuest(item[In, Out]{origin: &s.origin})
	w := p.call()
	p.mu.Unlock()
	if w != nil {
		p.launch(w)
	}
	return true
}

// acceptBatch accepts n inputs of a stream, of which one begins to run at once.
// It returns false if the pool is closing.
func (p *Pool[In, Out]) acceptBatch(n int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closing {
		return false
	}
	p.accepted += uint64(n)
	p.batched += n - 1
	return true
}

// retakeBatch notes that one of the inputs of a batch that was given back
// begins to run.
func (p *Pool[In, Out]) retakeBatch() {
	p.mu.Lock()
	p.batched--
	p.mu.Unlock()
}

// countBatch counts the outcomes of a batch. It returns the number of workers,
// and whether the one that ran it is needed elsewhere.
func (p *Pool[In, Out]) countBatch(b *batch[In, Out]) (workers int, elsewhere bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.batched -= len(b.in) - 1
	for o, n := range b.tally {
		p.counted[o] += n
	}
	elsewhere = !p.closing && (p.crew.surplus() || p.crew.starved || len(p.queue.in) > 0 || p.queue.first != nil)
	return p.crew.size, elsewhere
}
