package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A service is a running program.
type service struct {
	t    *testing.T
	url  string
	out  *gate
	stop context.CancelFunc
	logs *bufio.Scanner // what it says
	err  chan error     // what run returned
}

func start(t *testing.T, args ...string) *service {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	logs, stderr := io.Pipe()
	s := &service{t: t, out: newGate(), stop: cancel, logs: bufio.NewScanner(logs), err: make(chan error, 1)}
	go func() {
		s.err <- run(ctx, args, s.out, stderr)
		stderr.Close()
	}()
	m := regexp.MustCompile(`addr=(\S+)`).FindStringSubmatch(s.waitLog("listening"))
	s.url = "http://" + m[1]
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return s
}

// waitLog returns the next line that says what.
func (s *service) waitLog(what string) string {
	s.t.Helper()
	for s.logs.Scan() {
		if strings.Contains(s.logs.Text(), what) {
			return s.logs.Text()
		}
	}
	s.t.Fatalf("the log ended without %q", what)
	return ""
}

// rest returns the rest of the log.
func (s *service) rest() (lines []string) {
	for s.logs.Scan() {
		lines = append(lines, s.logs.Text())
	}
	return lines
}

func (s *service) post(body string) (status int, header http.Header) {
	s.t.Helper()
	resp, err := http.Post(s.url+"/events", "application/json", strings.NewReader(body))
	require.NoError(s.t, err)
	resp.Body.Close()
	return resp.StatusCode, resp.Header
}

// fill sends an event that occupies the only worker, and two that fill the queue.
func (s *service) fill() {
	s.t.Helper()
	status, _ := s.post(`{"n": 1}`)
	assert.Equal(s.t, http.StatusAccepted, status)
	<-s.out.entered
	for n := 2; n <= 3; n++ {
		status, _ := s.post(fmt.Sprintf(`{"n": %d}`, n))
		assert.Equal(s.t, http.StatusAccepted, status)
	}
}

// A gate is a writer that blocks until it is opened.
type gate struct {
	bytes.Buffer
	entered, opened chan struct{}
}

func newGate() *gate { return &gate{entered: make(chan struct{}, 100), opened: make(chan struct{})} }

func (g *gate) Write(p []byte) (int, error) {
	g.entered <- struct{}{}
	<-g.opened
	return g.Buffer.Write(p)
}

const all = `{"n":1}` + "\n" + `{"n":2}` + "\n" + `{"n":3}` + "\n"

func TestBackpressure(t *testing.T) {
	s := start(t, "-workers", "1", "-queue", "2")
	s.fill()
	status, header := s.post(`{"n": 4}`)
	assert.Equal(t, http.StatusServiceUnavailable, status)
	assert.Equal(t, "1", header.Get("Retry-After"))

	resp, err := http.Get(s.url + "/stats")
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	resp.Body.Close()
	assert.Contains(t, string(body), `"Queued":2`)

	close(s.out.opened)
	s.stop()
	s.rest()
	require.NoError(t, <-s.err)
	assert.Equal(t, all, s.out.String())
}

func TestShutdownFinishesWhatWasAccepted(t *testing.T) {
	s := start(t, "-workers", "1", "-queue", "2")
	s.fill()
	s.stop()
	assert.Contains(t, s.waitLog("closing"), "queued=2")
	_, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	require.Error(t, err, "it does not listen any more")
	close(s.out.opened)
	assert.Empty(t, s.rest(), "nothing was dropped")
	require.NoError(t, <-s.err)
	assert.Equal(t, all, s.out.String())
}

func TestShutdownThatTakesTooLong(t *testing.T) {
	s := start(t, "-workers", "1", "-queue", "2", "-grace", "50ms")
	s.fill()
	s.stop()
	s.waitLog("closing")
	lost := s.rest()
	require.ErrorIs(t, <-s.err, context.DeadlineExceeded)
	require.Len(t, lost, 2)
	assert.Contains(t, lost[0], `event="{\"n\": 2}"`)
	assert.Contains(t, lost[1], `event="{\"n\": 3}"`)
	close(s.out.opened) // the job under way ignored its context, and ends now
}

func TestBadRequests(t *testing.T) {
	s := start(t)
	close(s.out.opened)
	for _, body := range []string{"", "{", `"` + strings.Repeat("x", 1<<20) + `"`} {
		status, _ := s.post(body)
		assert.Equal(t, http.StatusBadRequest, status)
	}
	s.stop()
	s.rest()
	require.NoError(t, <-s.err)
	assert.Empty(t, s.out.String())
}

func TestAddressInUse(t *testing.T) {
	s := start(t)
	err := run(t.Context(), []string{"-addr", strings.TrimPrefix(s.url, "http://")}, io.Discard, io.Discard)
	require.ErrorContains(t, err, "address already in use")
	s.stop()
	s.rest()
	require.NoError(t, <-s.err)
}
