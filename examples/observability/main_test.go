package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A service is a running program.
type service struct {
	t      *testing.T
	url    string
	traces bytes.Buffer
	cancel context.CancelFunc
	err    chan error // what run returned
}

func start(t *testing.T, args ...string) *service {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s := &service{t: t, cancel: cancel, err: make(chan error, 1)}
	logs, stderr := io.Pipe()
	go func() {
		s.err <- run(ctx, args, &s.traces, stderr)
		stderr.Close()
	}()
	line, err := bufio.NewReader(logs).ReadString('\n')
	require.NoError(t, err)
	s.url = "http://" + regexp.MustCompile(`addr=(\S+)`).FindStringSubmatch(line)[1]
	return s
}

func (s *service) get(path string) (status int, body string) {
	s.t.Helper()
	resp, err := http.Get(s.url + path)
	require.NoError(s.t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(s.t, err)
	return resp.StatusCode, string(b)
}

// A span is what the test looks at of a span that was exported.
type span struct {
	Name        string
	SpanContext struct{ TraceID, SpanID string }
	Parent      struct{ SpanID string }
	Status      struct{ Code string }
}

// stop ends the service and returns its spans.
func (s *service) stop() (spans []span) {
	s.t.Helper()
	http.DefaultClient.CloseIdleConnections()
	s.cancel()
	require.NoError(s.t, <-s.err)
	for dec := json.NewDecoder(&s.traces); dec.More(); {
		var one span
		require.NoError(s.t, dec.Decode(&one))
		spans = append(spans, one)
	}
	return spans
}

func TestMetrics(t *testing.T) {
	s := start(t)
	for n := range 10 {
		s.get("/factors/" + strconv.Itoa(n))
	}
	_, body := s.get("/metrics")
	s.stop()
	for _, line := range []string{
		`remuda_jobs_total{outcome="succeeded",pool="factors"} 8`,
		`remuda_jobs_total{outcome="failed",pool="factors"} 2`,
		`remuda_jobs_in_flight{pool="factors"} 0`,
		`remuda_workers{pool="factors"} 4`,
		`remuda_job_duration_seconds_count{pool="factors"} 10`,
	} {
		assert.Contains(t, body, line+"\n")
	}
}

// A run is a child of the request that it is for.
func TestTraces(t *testing.T) {
	s := start(t)
	status, body := s.get("/factors/600851475143")
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, "[71,839,1471,6857]\n", body)
	status, _ = s.get("/factors/1")
	assert.Equal(t, http.StatusNotFound, status)

	spans := s.stop()
	require.Len(t, spans, 4)
	for i, code := range []string{"Unset", "Error"} {
		run, request := spans[2*i], spans[2*i+1]
		assert.Equal(t, "run factors", run.Name)
		assert.Equal(t, code, run.Status.Code)
		assert.Equal(t, "GET /factors/{n}", request.Name)
		assert.Equal(t, request.SpanContext.SpanID, run.Parent.SpanID)
		assert.Equal(t, request.SpanContext.TraceID, run.SpanContext.TraceID)
	}
}

func TestTimeout(t *testing.T) {
	s := start(t, "-timeout", "1ms")
	status, body := s.get("/factors/18446744073709551557") // the largest prime below 2^64
	assert.Equal(t, http.StatusServiceUnavailable, status)
	assert.Contains(t, body, "timeout after 1ms")
	s.stop()
}

func TestNoNumber(t *testing.T) {
	s := start(t)
	status, _ := s.get("/factors/x")
	assert.Equal(t, http.StatusBadRequest, status)
	s.stop()
}

func TestFactors(t *testing.T) {
	for n := uint64(2); n < 2000; n++ {
		primes, err := factors(t.Context(), n)
		require.NoError(t, err)
		product := uint64(1)
		for _, p := range primes {
			product *= p
			for d := uint64(2); d < p; d++ {
				require.NotZero(t, p%d, "%d has a factor %d, which is no prime", n, p)
			}
		}
		require.Equal(t, n, product)
	}
}
