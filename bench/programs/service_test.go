package programs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A service is a service that runs.
type service struct {
	*process
	url string
}

func startService(t *testing.T, program string) service {
	t.Helper()
	p := start(t, program, "127.0.0.1:0")
	var listening struct{ Addr string }
	require.NoError(t, json.Unmarshal([]byte(p.await(t, "listening")), &listening))
	return service{p, "http://" + listening.Addr}
}

// post returns the answer to an image, as a request with that id.
func (s service) post(ctx context.Context, t *testing.T, id string, body []byte) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/thumb", bytes.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("X-Request-Id", id)
	return s.answer(t, req)
}

func (s service) answer(t *testing.T, req *http.Request) (int, http.Header, string) {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, resp.Header, string(answer)
}

// metrics returns what the service has counted.
func (s service) metrics(t *testing.T) (pool struct{ Running, Queued, Succeeded, Failed int }) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/debug/vars", nil)
	require.NoError(t, err)
	_, _, answer := s.answer(t, req)
	vars := struct{ Pool any }{&pool}
	require.NoError(t, json.Unmarshal([]byte(answer), &vars))
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

		status, header, answer := s.post(t.Context(), t, "good", blank(t, 100))
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, "image/png", header.Get("Content-Type"))
		thumb, err := png.Decode(strings.NewReader(answer))
		require.NoError(t, err)
		require.Equal(t, 64, thumb.Bounds().Dx())

		status, _, _ = s.post(t.Context(), t, "bad", []byte("no image"))
		require.Equal(t, http.StatusUnprocessableEntity, status)

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
				status, header, _ := s.post(t.Context(), t, fmt.Sprint(i), body)
				mu.Lock()
				defer mu.Unlock()
				statuses[status]++
				if status == http.StatusServiceUnavailable && header.Get("Retry-After") == "" {
					t.Error("503 without Retry-After")
				}
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
		go func() {
			status, _, _ := s.post(t.Context(), t, "slow", blank(t, 4000))
			answered <- status
		}()
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
