package monitor_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda/monitor"
)

// The page is small, may load nothing from elsewhere, and has no scripts and styles within
// its HTML.
func TestThePageIsSmallAndShutIn(t *testing.T) {
	h := monitor.New().Handler()
	total := 0
	for _, name := range []string{"", "style.css", "page.js"} {
		w := get(t, h, "/debug/pools/"+name)
		require.Equal(t, http.StatusOK, w.Code, name)
		total += w.Body.Len()
		assert.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'")
		assert.NotRegexp(t, `innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|https?://[^w]|unsafe| on[a-z]+="|<style|style="`, w.Body.String())
		again := request(t, "GET", "/debug/pools/"+name)
		again.Header.Set("If-None-Match", w.Header().Get("ETag"))
		cached := httptest.NewRecorder()
		h.ServeHTTP(cached, again)
		assert.Equal(t, http.StatusNotModified, cached.Code)
	}
	assert.Less(t, total, 30_000)
	for _, name := range []string{"other.js", "..", "assets", "index", "%2e%2e%2fmonitor.go"} {
		assert.Equal(t, http.StatusNotFound, get(t, h, "/debug/pools/"+name).Code, name)
	}
}

// Without an authorizer, only programs on this machine are answered, and no web page by a
// name of its own; with one, it decides.
func TestWhoIsAnswered(t *testing.T) {
	open := monitor.New()
	asks := monitor.New(monitor.WithAuthorizer(func(r *http.Request) bool { return r.Header.Get("Authorization") == "let me in" }))
	for name, test := range map[string]struct {
		m              *monitor.Monitor
		at, host, auth string
		want           int
	}{
		"this machine":                    {open, "127.0.0.1", "localhost:6060", "", 200},
		"this machine by number":          {open, "::1", "[::1]:6060", "", 200},
		"a name that leads here":          {open, "127.0.0.1", "evil.example", "", 403},
		"another machine":                 {open, "10.0.0.1", "10.0.0.1", "", 403},
		"another machine that pretends":   {open, "10.0.0.1", "localhost", "", 403},
		"authorized":                      {asks, "10.0.0.1", "pools.example", "let me in", 200},
		"authorized here":                 {asks, "127.0.0.1", "localhost", "let me in", 200},
		"not authorized":                  {asks, "10.0.0.1", "pools.example", "", 403},
		"not authorized here":             {asks, "127.0.0.1", "localhost", "", 403},
		"authorized by a name that leads": {asks, "127.0.0.1", "evil.example", "let me in", 403},
	} {
		for _, target := range []string{"/p/", "/p/state", "/p/page.js"} {
			r := httptest.NewRequestWithContext(arrived(t.Context(), test.at), "GET", target, nil)
			r.Host = test.host
			r.Header.Set("Authorization", test.auth)
			w := httptest.NewRecorder()
			test.m.Handler().ServeHTTP(w, r)
			assert.Equal(t, test.want, w.Code, "%s: %s", name, target)
			assert.Empty(t, w.Header().Get("Access-Control-Allow-Origin"))
		}
	}
	unknown := httptest.NewRequestWithContext(t.Context(), "GET", "http://localhost/p/state", nil)
	w := httptest.NewRecorder()
	open.Handler().ServeHTTP(w, unknown)
	assert.Equal(t, http.StatusForbidden, w.Code, "the server does not say where it came in")
}

func TestNothingIsChanged(t *testing.T) {
	h := monitor.New().Handler()
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request(t, method, "/debug/pools/state"))
		assert.Equal(t, http.StatusMethodNotAllowed, w.Code, method)
	}
}

// A stream is a response that can be read while it is written.
type stream struct {
	httptest.ResponseRecorder
	mu   sync.Mutex // guards text
	text strings.Builder
}

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *stream) FlushError() error { return nil }

func (s *stream) last(t *testing.T) (got state, events int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	all := strings.Split(strings.TrimSuffix(s.text.String(), "\n\n"), "\n\n")
	require.NoError(t, json.Unmarshal([]byte(strings.TrimPrefix(all[len(all)-1], "data: ")), &got))
	return got, len(all)
}

// What happens comes once a second, with the rates and times of the last ten.
func TestLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := monitor.New()
		pool := start(t, "orders", func(_ context.Context, n int) (int, error) {
			time.Sleep(time.Duration(n) * time.Millisecond)
			if n == 900 {
				return 0, context.DeadlineExceeded
			}
			return n, nil
		}, m)
		ctx, cancel := context.WithCancel(arrived(t.Context(), "127.0.0.1"))
		w := &stream{ResponseRecorder: *httptest.NewRecorder()}
		var listening sync.WaitGroup
		listening.Go(func() {
			m.Handler(pool).ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "http://localhost/live", nil))
		})
		synctest.Wait()
		s, n := w.last(t)
		assert.Equal(t, 1, n)
		assert.Nil(t, s.Pools[0].Run)

		for range 10 { // ten a second
			for range 9 {
				_, _ = pool.Do(t.Context(), 10)
			}
			_, _ = pool.Do(t.Context(), 900)
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Millisecond)
		s, n = w.last(t)
		assert.Equal(t, 11, n)
		p := s.Pools[0]
		assert.InDelta(t, 10, *p.Rate, 0.5)
		assert.InDelta(t, 1, *p.FailRate, 0.2)
		assert.InEpsilon(t, 0.010, p.Run.P50, 0.25)
		assert.InEpsilon(t, 0.900, p.Run.P99, 0.25)

		time.Sleep(12 * time.Second)
		s, _ = w.last(t)
		assert.Zero(t, *s.Pools[0].Rate)
		assert.Nil(t, s.Pools[0].Run, "nothing ran")
		assert.Equal(t, uint64(100), s.Pools[0].Accepted)
		cancel()
		listening.Wait()
	})
}

// A page that is left open does not hold up the shutdown of its server.
func TestShutdown(t *testing.T) {
	m := monitor.New()
	mux := http.NewServeMux()
	mux.Handle("/debug/pools/", m.Handler())
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &http.Server{Handler: mux, WriteTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	for range 2 { // two pages
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+ln.Addr().String()+"/debug/pools/live", nil)
		require.NoError(t, err)
		resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		line, err := bufio.NewReader(resp.Body).ReadString('\n')
		require.NoError(t, err)
		assert.True(t, strings.HasPrefix(line, "data: {"), line)
	}
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	require.NoError(t, server.Shutdown(ctx))
	require.ErrorIs(t, <-served, http.ErrServerClosed)
}
