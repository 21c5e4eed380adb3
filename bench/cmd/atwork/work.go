package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/remuda-go/remuda"
)

const (
	fewWorkers  = 3
	manyWorkers = 8
	easyInputs  = 9  // inputs that come one by one
	burst       = 64 // inputs that come in one go
	lastInputs  = 48 // inputs that come just before Close
	badInput    = 30 // its job panics, each time
)

// A span is one run: which worker ran it, and when.
type span struct {
	worker     int
	begin, end time.Duration
	panicked   bool
}

// A call is something that the program did to the pool.
type call struct {
	at   time.Duration
	text string
}

// A depth is how many inputs waited at a time.
type depth struct {
	at     time.Duration
	queued int
}

// A record is all that the picture shows.
type record struct {
	mu    sync.Mutex
	begin time.Time
	spans []span  // guarded by mu
	calls []call  // of the goroutine that calls work
	depth []depth // of the goroutine that samples
	end   time.Duration
}

func (r *record) now() time.Duration { return time.Since(r.begin) }

func (r *record) called(format string, args ...any) {
	r.calls = append(r.calls, call{r.now(), fmt.Sprintf(format, args...)})
}

// job keeps its worker busy for as long as the input says, and notes it.
func (r *record) job(ctx context.Context, input int) (remuda.Void, error) {
	info, _ := remuda.InfoFrom(ctx)
	s := span{worker: info.Worker, begin: r.now(), panicked: input == badInput}
	defer func() {
		s.end = r.now()
		r.mu.Lock()
		defer r.mu.Unlock()
		r.spans = append(r.spans, s)
	}()
	time.Sleep(time.Duration(24+input*7%30) * time.Millisecond)
	if s.panicked {
		panic("bad input")
	}
	return remuda.Void{}, nil
}

// work is the program in the picture.
func work(ctx context.Context) (*record, error) {
	r := &record{begin: time.Now()}
	pool, err := remuda.Start(fewWorkers, r.job)
	if err != nil {
		return nil, err
	}
	sampled := make(chan struct{})
	go func() {
		defer close(sampled)
		r.sample(pool)
	}()

	r.called("Start(%d, f)", fewWorkers)
	for input := range easyInputs { // at ease
		if err := pool.Send(ctx, input); err != nil {
			return nil, err
		}
		time.Sleep(24 * time.Millisecond)
	}
	r.called("%d inputs", burst)
	if err := send(ctx, pool, burst); err != nil {
		return nil, err
	}
	time.Sleep(170 * time.Millisecond)
	r.called("Resize(%d)", manyWorkers)
	if err := pool.Resize(manyWorkers); err != nil {
		return nil, err
	}
	if err := pool.Wait(ctx); err != nil {
		return nil, err
	}
	time.Sleep(50 * time.Millisecond)
	r.called("%d inputs", lastInputs)
	if err := send(ctx, pool, lastInputs); err != nil {
		return nil, err
	}
	time.Sleep(125 * time.Millisecond)
	r.called("Resize(%d)", fewWorkers)
	if err := pool.Resize(fewWorkers); err != nil {
		return nil, err
	}
	time.Sleep(135 * time.Millisecond)
	r.called("Close(ctx)")
	if err := pool.Close(ctx); err != nil {
		return nil, err
	}
	r.end = r.now()
	<-sampled
	return r, nil
}

func send(ctx context.Context, pool *remuda.Pool[int, remuda.Void], n int) error {
	for input := range n {
		if err := pool.Send(ctx, input); err != nil {
			return err
		}
	}
	return nil
}

// sample notes how many inputs wait, until the pool has ended.
func (r *record) sample(pool *remuda.Pool[int, remuda.Void]) {
	ticker := time.NewTicker(3 * time.Millisecond)
	defer ticker.Stop()
	for {
		r.depth = append(r.depth, depth{r.now(), pool.Stats().Queued})
		select {
		case <-ticker.C:
		case <-pool.Done():
			return
		}
	}
}
