package programs_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A web is hosts of pages, each of which links to all hosts and to one more page of its
// own host, and it watches how many of them are fetched at a time.
type web struct {
	hosts []*httptest.Server
	ready chan struct{} // closed when hosts are all there
	gate  chan struct{} // a page is answered when it can be received from; nil for after a moment

	all, mostOverall, mostOfAHost, served atomic.Int64
}

const hosts, pages = 12, 20

func startWeb(t *testing.T, gate chan struct{}) *web {
	t.Helper()
	w := &web{gate: gate, ready: make(chan struct{})}
	for range hosts {
		var here atomic.Int64
		w.hosts = append(w.hosts, httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			<-w.ready
			raise(&w.mostOfAHost, here.Add(1))
			raise(&w.mostOverall, w.all.Add(1))
			defer here.Add(-1)
			defer w.all.Add(-1)
			w.served.Add(1)
			w.answer(rw, r)
		})))
	}
	close(w.ready)
	t.Cleanup(func() {
		for _, host := range w.hosts {
			host.CloseClientConnections()
			host.Close()
		}
	})
	return w
}

func (w *web) answer(rw http.ResponseWriter, r *http.Request) {
	moment := time.After(time.Millisecond)
	if w.gate != nil {
		moment = nil
	}
	select {
	case <-w.gate:
	case <-moment:
	case <-r.Context().Done():
		return
	}
	var page int
	if _, err := fmt.Sscanf(r.URL.Path, "/%d", &page); err != nil || page >= pages {
		http.NotFound(rw, r)
		return
	}
	fmt.Fprintf(rw, `<a href="/%d">next</a> <a href="https://elsewhere.invalid/">not followed</a>`, page+1)
	for _, host := range w.hosts {
		fmt.Fprintf(rw, `<a href="%s/0">home</a>`, host.URL)
	}
}

// raise makes most at least n.
func raise(most *atomic.Int64, n int64) {
	for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
	}
}

func (w *web) homes() (urls []string) {
	for _, host := range w.hosts {
		urls = append(urls, host.URL+"/0")
	}
	return urls
}

// Each page is fetched once, eight at a time, and one of a host.
func TestCrawler(t *testing.T) {
	inEachWay(t, "crawler", func(t *testing.T, program string) {
		w := startWeb(t, nil)
		got := runProgram(t, "", program, w.homes()...)
		require.Equal(t, 0, got.status, got.stderr)
		require.Contains(t, got.stderr, fmt.Sprintf("%d fetched, %d failed\n", hosts*pages, hosts))
		require.EqualValues(t, hosts*(pages+1), w.served.Load())
		require.EqualValues(t, 1, w.mostOfAHost.Load())
		require.LessOrEqual(t, w.mostOverall.Load(), int64(8))
		require.Greater(t, w.mostOverall.Load(), int64(1))
		for _, host := range w.hosts {
			for page := range pages {
				assert.Equal(t, 1, strings.Count(got.stderr, fmt.Sprintf("fetched: %s/%d\n", host.URL, page)))
			}
			assert.Contains(t, got.stderr, fmt.Sprintf("failed: %s/%d: status 404\n", host.URL, pages))
		}
	})
}

// Ctrl-C ends requests that would never be answered.
func TestCrawlerInterrupted(t *testing.T) {
	inEachWay(t, "crawler", func(t *testing.T, program string) {
		w := startWeb(t, make(chan struct{}))
		p := start(t, nil, program, w.homes()...)
		w.gate <- struct{}{} // to one of them
		p.await(t, "fetched: ")
		status, log := p.interrupt(t)
		require.Equal(t, 1, status, log)
		require.Contains(t, log, "context canceled")
		require.Equal(t, 1, strings.Count(log, "fetched: "))
	})
}
