package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/remuda-go/remuda"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A site is an http.RoundTripper: a server without a network, so that its
// clients can live in a bubble of their own time.
type site struct {
	mu       sync.Mutex
	requests map[string][]time.Time // when each path was asked for
	answer   func(path string, attempt int, r *http.Request) (status int, err error)
}

func (s *site) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	if s.requests == nil {
		s.requests = make(map[string][]time.Time)
	}
	s.requests[r.URL.Path] = append(s.requests[r.URL.Path], time.Now())
	attempt := len(s.requests[r.URL.Path])
	s.mu.Unlock()
	status, err := s.answer(r.URL.Path, attempt, r)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: status, Status: fmt.Sprint(status, " ", http.StatusText(status)),
		Body: io.NopCloser(strings.NewReader("hello")), Request: r,
	}, nil
}

func TestWhatIsTriedAgain(t *testing.T) {
	tests := map[string]struct {
		answer   func(path string, attempt int, r *http.Request) (int, error)
		requests int
		err      string // in the message, or empty if it succeeds
	}{
		"good": {requests: 1, answer: func(string, int, *http.Request) (int, error) { return 200, nil }},
		"unavailable, then good": {requests: 3, answer: func(_ string, attempt int, _ *http.Request) (int, error) {
			return map[bool]int{true: 503, false: 200}[attempt < 3], nil
		}},
		"always unavailable": {requests: 4, err: "503 Service Unavailable", answer: func(string, int, *http.Request) (int, error) { return 503, nil }},
		"too many requests":  {requests: 4, err: "429 Too Many Requests", answer: func(string, int, *http.Request) (int, error) { return 429, nil }},
		"not there":          {requests: 1, err: "404 Not Found", answer: func(string, int, *http.Request) (int, error) { return 404, nil }},
		"connection refused": {requests: 4, err: "refused", answer: func(string, int, *http.Request) (int, error) { return 0, fmt.Errorf("refused") }},
		"too slow": {requests: 4, err: "timeout after 5s", answer: func(_ string, _ int, r *http.Request) (int, error) {
			<-r.Context().Done()
			return 0, r.Context().Err()
		}},
		"slow, then good": {requests: 2, answer: func(_ string, attempt int, r *http.Request) (int, error) {
			if attempt == 1 {
				<-r.Context().Done()
				return 0, r.Context().Err()
			}
			return 200, nil
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &site{answer: tt.answer}
				var out, errs bytes.Buffer
				err := run(t.Context(), []string{"http://site/a"}, s, &out, &errs)
				assert.Len(t, s.requests["/a"], tt.requests)
				assert.Equal(t, tt.requests-1, strings.Count(errs.String(), "at http://site/a, after:"))
				if tt.err == "" {
					require.NoError(t, err)
					assert.Equal(t, "200        5 bytes  http://site/a\n", out.String())
					return
				}
				require.EqualError(t, err, "1 of 1 pages could not be fetched")
				assert.Contains(t, errs.String(), tt.err)
				assert.Empty(t, out.String())
			})
		})
	}
}

func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &site{answer: func(string, int, *http.Request) (int, error) { return 503, nil }}
		args := []string{"-rate", "2", "-retries", "1", "-workers", "8"}
		for i := range 10 {
			args = append(args, fmt.Sprintf("http://site/%d", i))
		}
		began := time.Now()
		err := run(t.Context(), args, s, io.Discard, io.Discard)
		require.EqualError(t, err, "10 of 10 pages could not be fetched")
		// The first at once, and each further one half a second later, retries included.
		assert.GreaterOrEqual(t, time.Since(began).Round(time.Millisecond), 19*500*time.Millisecond)
	})
}

func TestInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := &site{answer: func(_ string, _ int, r *http.Request) (int, error) {
			cancel()
			<-r.Context().Done()
			return 0, r.Context().Err()
		}}
		var errs bytes.Buffer
		began := time.Now()
		require.Error(t, run(ctx, []string{"http://site/a", "http://site/b"}, s, io.Discard, &errs))
		assert.Contains(t, errs.String(), "context canceled")
		assert.Zero(t, time.Since(began), "nothing is waited for")
	})
}

func TestRealServer(t *testing.T) {
	first := true
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if first {
			first = false
			http.Error(w, "not now", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, "hello, world")
	}))
	defer srv.Close()
	var out, errs bytes.Buffer
	require.NoError(t, run(t.Context(), []string{srv.URL + "/a"}, srv.Client().Transport, &out, &errs))
	assert.Equal(t, "200       12 bytes  "+srv.URL+"/a\n", out.String())
	assert.Contains(t, errs.String(), "attempt 2 at "+srv.URL+"/a, after: GET "+srv.URL+"/a: 503 Service Unavailable\n")
}

func TestBadArguments(t *testing.T) {
	require.ErrorIs(t, run(t.Context(), []string{"-workers", "-1"}, nil, io.Discard, io.Discard), remuda.ErrInvalidInitial)
	var errs bytes.Buffer
	require.Error(t, run(t.Context(), []string{"http://[broken"}, nil, io.Discard, &errs))
	assert.NotContains(t, errs.String(), "attempt 2")
}
