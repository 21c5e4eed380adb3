package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/remuda-go/remuda"
)

// A checker checks sites. It is safe for concurrent use.
type checker struct {
	client http.Client
	pause  time.Duration
}

// An answer is what a check found: how long the site took, or what was wrong.
type answer struct {
	latency time.Duration
	problem error
}

func newChecker(timeout, pause time.Duration) *checker {
	// A transport of its own, so that its connections can be closed.
	return &checker{client: http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment}, Timeout: timeout}, pause: pause}
}

func (c *checker) close() { c.client.CloseIdleConnections() }

// check is the process function. What may pass with time is tried again.
func (c *checker) check(w *remuda.Work[string, answer]) remuda.Status {
	ctx := w.Context()
	if w.Retries() > 0 && !sleep(ctx, backoff(c.pause, w.Retries())) {
		return remuda.Failure // the result says why there was a retry
	}
	begin := time.Now()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.Body, nil)
	if err != nil {
		w.SetResult(answer{problem: err})
		return remuda.Failure
	}
	resp, err := c.client.Do(req)
	if err != nil {
		w.SetResult(answer{problem: err})
		return remuda.Retry
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		w.SetResult(answer{problem: err})
		return remuda.Retry
	}
	switch code := resp.StatusCode; {
	case code >= 500 || code == http.StatusTooManyRequests:
		w.SetResult(answer{problem: fmt.Errorf("status %s", resp.Status)})
		return remuda.Retry
	case code >= 400:
		w.SetResult(answer{problem: fmt.Errorf("status %s", resp.Status)})
		return remuda.Failure
	}
	w.SetResult(answer{latency: time.Since(begin)})
	return remuda.Success
}

// backoff returns the pause before a retry, counted from 1: it doubles each time, up
// to a minute, and is spread at random so that many do not come at the same time.
func backoff(pause time.Duration, retry int) time.Duration {
	for range retry - 1 {
		pause = min(2*pause, time.Minute)
	}
	return rand.N(max(pause, 1)) + 1
}

// sleep waits, and reports false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
