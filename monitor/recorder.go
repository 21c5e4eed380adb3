package monitor

import (
	"context"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/internal/safeerr"
	"github.com/remuda-go/remuda/middleware"
)

const (
	failuresKept  = 20  // of each pool
	failureText   = 500 // bytes of what an error says
	failuresRate  = 10  // a second that are looked at, beyond a burst of failuresKept
	noText        = "(what the error says could not be read: it panicked)"
	outcomeFailed = "failed"
	outcomePanic  = "panicked"
	outcomeDrop   = "refused" // by a middleware
)

// A failure is a run that has failed, as the page shows it.
type failure struct {
	Pool    string    `json:"pool"`
	At      time.Time `json:"at"`
	Outcome string    `json:"outcome"`
	Worker  int       `json:"worker"`
	Attempt int       `json:"attempt"`
	Text    string    `json:"text"`
}

// A recorder has what runs of the pools of one name have told.
type recorder struct {
	pool    string
	metrics middleware.Metrics
	limit   *rate.Limiter

	mu     sync.Mutex // guards what follows
	ring   [failuresKept]failure
	next   int
	unkept uint64 // failures that were too many to be kept
}

func newRecorder(pool string) *recorder {
	return &recorder{pool: pool, limit: rate.NewLimiter(failuresRate, failuresKept)}
}

// failed keeps the failure of the run that goes on. If there are too many, it only
// counts them: to read what each says would slow the pool down.
func (r *recorder) failed(ctx context.Context, err error) {
	if !r.limit.Allow() {
		r.mu.Lock()
		r.unkept++
		r.mu.Unlock()
		return
	}
	info, inPool := remuda.InfoFrom(ctx)
	f := failure{Pool: r.pool, At: time.Now(), Outcome: outcomeFailed, Worker: info.Worker, Attempt: info.Attempt, Text: textOf(err)}
	if _, ok := safeerr.AsType[*remuda.PanicError](err); ok {
		f.Outcome = outcomePanic
	} else if inPool && !info.Entered() {
		f.Outcome = outcomeDrop
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ring[r.next] = f
	r.next = (r.next + 1) % failuresKept
}

// recent returns what was kept, the newest first, and how many were not.
func (r *recorder) recent() (all []failure, unkept uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range failuresKept {
		if f := r.ring[(r.next+failuresKept-1-i)%failuresKept]; !f.At.IsZero() {
			all = append(all, f)
		}
	}
	return all, r.unkept
}

// textOf is the beginning of what an error says. Its method is the user's, and may
// panic.
func textOf(err error) (text string) {
	defer func() {
		if recover() != nil {
			text = noText
		}
	}()
	text = err.Error()
	if len(text) > failureText {
		text = strings.ToValidUTF8(text[:failureText], "") + "…"
	}
	return text
}
