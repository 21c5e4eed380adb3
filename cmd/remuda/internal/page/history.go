// Package page is the page for people: what waits, runs, is slow and fails, and why;
// the last hour; one task with its attempts.
//
// The store keeps no history. A [History] watches it, keeps what the page needs in
// memory, all of it bounded, and forgets it when the process ends.
package page

import (
	"context"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/remuda-go/remuda/tasks"
)

const (
	idleSample = 10 * time.Second // between looks at the kinds while nobody watches
	liveSample = time.Second      // while somebody does
	sampleTime = 10 * time.Second // that a look may take
	watchPause = time.Second      // after the connection to the store was lost

	// sampleShare bounds what looking costs: the pause is so many times as long as
	// the look.
	sampleShare = 10
)

// A History is what has happened lately: counts by the minute for an hour, what runs
// in this process, why tasks fail, and the attempts of those that ended last. It is
// made by [NewHistory]. All methods but Listen are safe for concurrent use.
type History struct {
	client *tasks.Client
	events iter.Seq2[tasks.Event, error] // what Listen hears, for Run; nil without
	wanted chan struct{}                 // closed by the first handler
	once   sync.Once                     // closes it
	wake   chan struct{}                 // somebody watches from now on
	scan   chan struct{}                 // whoever reads the store's tasks holds it

	mu       sync.Mutex // guards what follows
	began    time.Time  // when the first handler was made
	changed  chan struct{}
	viewers  int
	kinds    []tasks.KindInfo
	sampled  time.Time
	trouble  error // of the last look
	hours    map[string]*hour
	running  runs
	reasons  reasons
	attempts attempts
}

// NewHistory returns an empty history. Nothing is recorded before Run runs and a
// handler was made of it.
func NewHistory(c *tasks.Client) *History {
	return &History{
		client: c, wanted: make(chan struct{}), wake: make(chan struct{}, 1), scan: make(chan struct{}, 1),
		changed: make(chan struct{}), hours: make(map[string]*hour), running: newRuns(), reasons: make(reasons), attempts: newAttempts(),
	}
}

// want has the history recorded from now on.
func (h *History) want() {
	h.once.Do(func() {
		h.mu.Lock()
		h.began = time.Now()
		h.mu.Unlock()
		close(h.wanted)
	})
}

// Listen begins to hear what happens to tasks, if a handler was made of the history. What
// happens once it has returned is recorded when Run runs, so it comes before whatever runs
// tasks, and Run comes after it.
func (h *History) Listen(ctx context.Context) (err error) {
	select {
	case <-h.wanted:
		h.events, err = h.client.Watch(ctx, "")
		return err
	default:
		return nil
	}
}

// Run records until ctx ends.
func (h *History) Run(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-h.wanted:
	}
	var watching sync.WaitGroup
	defer watching.Wait()
	watching.Go(func() { h.watch(ctx) })
	for {
		begun := time.Now()
		h.sample(ctx)
		select {
		case <-ctx.Done():
			return
		case <-time.After(sampleShare * time.Since(begun)):
		}
		select {
		case <-ctx.Done():
			return
		case <-h.wake:
		case <-time.After(h.pause()):
		}
	}
}

func (h *History) pause() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.viewers > 0 {
		return liveSample
	}
	return idleSample
}

// sample looks at the kinds, and tells those who watch.
func (h *History) sample(ctx context.Context) {
	bound, cancel := context.WithTimeout(ctx, sampleTime)
	defer cancel()
	kinds, err := h.client.Kinds(bound)
	if ctx.Err() != nil {
		return
	}
	now := time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sampled = now
	if h.trouble = err; err == nil {
		h.kinds = kinds
		h.count(now)
	}
	close(h.changed)
	h.changed = make(chan struct{})
}

// count writes the sample into the hours, and drops kinds that are gone.
func (h *History) count(now time.Time) {
	for _, k := range h.kinds {
		h.hour(k.Kind).sampled(now, k.Waiting, k.Running)
	}
	maps.DeleteFunc(h.hours, func(kind string, _ *hour) bool {
		return !slices.ContainsFunc(h.kinds, func(k tasks.KindInfo) bool { return k.Kind == kind })
	})
	h.reasons.expire(now)
}

func (h *History) hour(kind string) *hour {
	if h.hours[kind] == nil {
		h.hours[kind] = &hour{}
	}
	return h.hours[kind]
}

// watch records what happens to tasks, in all processes.
func (h *History) watch(ctx context.Context) {
	for events := h.events; ctx.Err() == nil; events = nil {
		var err error
		if events == nil {
			events, err = h.client.Watch(ctx, "")
		}
		if err == nil {
			h.recordAll(events)
		}
		select {
		case <-ctx.Done():
		case <-time.After(watchPause):
		}
	}
}

// recordAll records events, until there are no more.
func (h *History) recordAll(events iter.Seq2[tasks.Event, error]) {
	for e, err := range events {
		if err != nil {
			return
		}
		h.record(e, time.Now())
	}
}

func (h *History) record(e tasks.Event, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e.State == tasks.Running {
		h.running.progress(e)
		return
	}
	run := h.running.settled(e.ID, now)
	kind := e.ID.Kind()
	minute := h.hour(kind).at(now)
	failed := e.State == tasks.Dead || e.State == tasks.Retrying && e.Reason != "" // one that put itself off has no reason
	switch {
	case failed:
		minute.failed++
		h.reasons.add(e, now)
		if e.State == tasks.Dead {
			minute.dead++
		}
	case e.State == tasks.Done:
		minute.done++
	case e.State == tasks.Deleted:
		h.attempts.forget(e.ID)
		return
	case e.State != tasks.Cancelled && e.State != tasks.Expired:
		return
	}
	h.attempts.add(e, run, failed)
}

// watched counts somebody who watches, until the function that it returns is called. It
// waits for a look at the kinds if the last one was a while ago.
func (h *History) watched(ctx context.Context) func() {
	h.mu.Lock()
	h.viewers++
	h.mu.Unlock()
	select {
	case h.wake <- struct{}{}:
	default:
	}
	h.fresh(ctx)
	return func() {
		h.mu.Lock()
		h.viewers--
		h.mu.Unlock()
	}
}

// freshTime is how long somebody who comes waits for a look that is new.
const freshTime = 2 * time.Second

func (h *History) fresh(ctx context.Context) {
	late := time.NewTimer(freshTime)
	defer late.Stop()
	for {
		h.mu.Lock()
		fresh, changed := time.Since(h.sampled) < 2*liveSample, h.changed
		h.mu.Unlock()
		if fresh {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		case <-late.C:
			return
		}
	}
}
