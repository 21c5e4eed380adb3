package tasks

import (
	"context"
	"iter"
	"sync"
	"time"
)

// PushAll pushes a task for each input, and yields the outcome of each in the order
// of the inputs, as Push would return it. It stores up to 1000 together, which is
// some fifty times faster than Push in a loop; an input waits for others for a
// hundredth of a second at most. Options apply to all of them. Outcomes are yielded
// between the inputs: while ins waits for its next, so do they. If the loop over
// PushAll ends early, what is under way may be stored or not.
func (k Kind[In, Out]) PushAll(ctx context.Context, c *Client, ins iter.Seq[In], opts ...PushOption) iter.Seq2[ID, error] {
	return func(yield func(ID, error) bool) {
		if _, err := k.queue(ctx, c); err != nil {
			yield("", err)
			return
		}
		f := &fleet{client: c, ctx: ctx}
		defer f.stop()
		for in := range ins { // on the caller's goroutine, which is where a panic of ins belongs
			p, err := k.prepare(c, in, opts)
			if err != nil {
				p = &push{err: err}
			}
			f.add(p)
			if !f.land(yield, mostFlights) {
				return
			}
		}
		f.seal()
		f.land(yield, 0)
	}
}

const (
	// batchMost and batchBytes bound what is stored at once.
	batchMost  = 1000
	batchBytes = 4 << 20

	// batchLeast is how many tasks an atomic batch must have to be faster than as
	// many messages.
	batchLeast = 32

	// batchWait is how long a task waits for others.
	batchWait = 10 * time.Millisecond

	// mostFlights is how many batches are under way at a time.
	mostFlights = 3
)

// A flight is a batch of tasks.
type flight struct {
	pushes []*push // their outcomes are in err
	bytes  int
	done   chan struct{}
	timer  *time.Timer
	sealed bool
}

// A fleet is the flights of one PushAll, the oldest first.
type fleet struct {
	client *Client
	ctx    context.Context
	under  sync.WaitGroup

	mu      sync.Mutex // guards what follows, against the timers
	flights []*flight
}

// add puts a task into the last flight, or into a new one if that is sealed.
func (f *fleet) add(p *push) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var last *flight
	if n := len(f.flights); n > 0 && !f.flights[n-1].sealed {
		last = f.flights[n-1]
	} else {
		last = &flight{done: make(chan struct{})}
		last.timer = time.AfterFunc(batchWait, func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.sealLocked(last)
		})
		f.flights = append(f.flights, last)
	}
	last.pushes = append(last.pushes, p)
	if last.bytes += len(p.body); len(last.pushes) == batchMost || last.bytes > batchBytes {
		f.sealLocked(last)
	}
}

// seal sends off the last flight.
func (f *fleet) seal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := len(f.flights); n > 0 {
		f.sealLocked(f.flights[n-1])
	}
}

func (f *fleet) sealLocked(x *flight) {
	if x.sealed {
		return
	}
	x.sealed = true
	x.timer.Stop()
	f.under.Go(func() {
		defer close(x.done)
		f.client.pushMany(f.ctx, x.pushes)
	})
}

// land yields what has come to its end, and waits for that while there are more
// than most flights. It reports whether the loop goes on.
func (f *fleet) land(yield func(ID, error) bool, most int) bool {
	for {
		f.mu.Lock()
		n := len(f.flights)
		var first *flight
		if n > 0 {
			first = f.flights[0]
		}
		f.mu.Unlock()
		if first == nil {
			return true
		}
		if n <= most {
			select {
			case <-first.done:
			default:
				return true
			}
		}
		<-first.done
		f.mu.Lock()
		f.flights = f.flights[1:]
		f.mu.Unlock()
		for _, p := range first.pushes {
			if !yield(p.id, p.err) {
				return false
			}
		}
	}
}

// stop drops the flight that is not sealed and waits for the others.
func (f *fleet) stop() {
	f.mu.Lock()
	if n := len(f.flights); n > 0 && !f.flights[n-1].sealed {
		f.flights[n-1].sealed = true
		f.flights[n-1].timer.Stop()
	}
	f.mu.Unlock()
	f.under.Wait()
}
