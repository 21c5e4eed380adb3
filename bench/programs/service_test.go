package programs_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A service is a service that runs.
type service struct {
	*process
	url string
}

func startService(t *testing.T, program string) service {
	t.Helper()
	p := start(t, nil, program, "127.0.0.1:0")
	var listening struct{ Addr string }
	require.NoError(t, json.Unmarshal([]byte(p.await(t, "listening")), &listening))
	return service{p, "http://" + listening.Addr}
}

// An answer is that to a request; its status is 0, and a test has failed, if there is none.
type answer struct {
	status int
	header http.Header
	body   string
}

// post returns the answer to an image, as a request with that id.
func (s service) post(t *testing.T, id string, body []byte) answer {
	t.Helper()
	return s.ask(t, http.MethodPost, "/thumb", id, body)
}

// ask may be called on any goroutine.
func (s service) ask(t *testing.T, method, path, id string, body []byte) (a answer) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, bytes.NewReader(body))
	if !assert.NoError(t, err) {
		return answer{}
	}
	req.Header.Set("X-Request-ID", id)
	transport := &http.Transport{DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if !assert.NoError(t, err) {
		return answer{}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	assert.NoError(t, err)
	return answer{resp.StatusCode, resp.Header, string(text)}
}

// metrics returns what the service has counted.
func (s service) metrics(t *testing.T) (pool struct{ Running, Queued, Succeeded, Failed int }) {
	t.Helper()
	vars := struct{ Pool any }{&pool}
	require.NoError(t, json.Unmarshal([]byte(s.ask(t, http.MethodGet, "/debug/vars", "", nil).body), &vars))
	return pool
}

// blank returns an image that takes the service a while.
func blank(t *testing.T, side int) []byte {
	t.Helper()
	var buf bytes.Buffer
	require.NoError(t, png.Encode(&buf, image.NewGray(image.Rect(0, 0, side, side))))
	return buf.Bytes()
}

func TestService(t *testing.T) {
	inEachWay(t, "service", func(t *testing.T, program string) {
		s := startService(t, program)

		good := s.post(t, "good", blank(t, 100))
		require.Equal(t, http.StatusOK, good.status)
		require.Equal(t, "image/png", good.header.Get("Content-Type"))
		thumb, err := png.Decode(strings.NewReader(good.body))
		require.NoError(t, err)
		require.Equal(t, 64, thumb.Bounds().Dx())

		require.Equal(t, http.StatusUnprocessableEntity, s.post(t, "bad", []byte("no image")).status)

		m := s.metrics(t)
		require.Equal(t, 1, m.Succeeded)
		require.Equal(t, 1, m.Failed)
		exit, log := s.interrupt(t)
		require.Equal(t, 0, exit, log)
		for id, level := range map[string]string{"good": "INFO", "bad": "ERROR"} {
			require.Equal(t, level, levelOf(t, log, id))
		}
	})
}

// levelOf returns the level of the log line about a request, of which there is one. It
// has the time that the run took.
func levelOf(t *testing.T, log, id string) string {
	t.Helper()
	var level string
	for line := range strings.Lines(log) {
		var entry struct {
			Level, Request string
			Duration       float64
		}
		require.NoError(t, json.Unmarshal([]byte(line), &entry))
		if entry.Request == id {
			require.Empty(t, level, "two lines")
			require.Positive(t, entry.Duration)
			level = entry.Level
		}
	}
	return level
}

// More requests than it has places for: each is served or told to come again, and
// the counts are those of the answers.
func TestServiceBusy(t *testing.T) {
	const clients = 60
	inEachWay(t, "service", func(t *testing.T, program string) {
		s := startService(t, program)
		body := blank(t, 2000)
		var (
			wg       sync.WaitGroup
			mu       sync.Mutex
			statuses = map[int]int{}
		)
		for i := range clients {
			wg.Go(func() {
				a := s.post(t, fmt.Sprint(i), body)
				mu.Lock()
				defer mu.Unlock()
				statuses[a.status]++
				assert.Equal(t, a.status == http.StatusServiceUnavailable, a.header.Get("Retry-After") != "")
			})
		}
		wg.Wait()
		require.GreaterOrEqual(t, statuses[http.StatusOK], 10, "as many as run and wait")
		require.Positive(t, statuses[http.StatusServiceUnavailable])
		require.Equal(t, clients, statuses[http.StatusOK]+statuses[http.StatusServiceUnavailable])
		m := s.metrics(t)
		require.Equal(t, statuses[http.StatusOK], m.Succeeded)
		require.Zero(t, m.Failed)
		require.Zero(t, m.Queued)
		exit, log := s.interrupt(t)
		require.Equal(t, 0, exit, log)
	})
}

// On a signal it finishes what it has begun.
func TestServiceFinishesRequests(t *testing.T) {
	inEachWay(t, "service", func(t *testing.T, program string) {
		s := startService(t, program)
		answered := make(chan int)
		slow := blank(t, 4000)
		go func() { answered <- s.post(t, "slow", slow).status }()
		for s.metrics(t).Running == 0 { // each is a request, so it does not spin
			select {
			case <-answered:
				t.Fatal("too fast to be seen running")
			default:
			}
		}
		exit, log := s.interrupt(t)
		require.Equal(t, http.StatusOK, <-answered)
		require.Equal(t, 0, exit, log)
	})
}
