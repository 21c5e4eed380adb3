package herdhttp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/herdhttp"
)

// No test may leave a goroutine behind. A server of net/http that has refused the
// rest of a request keeps the connection for half a second more, whoever closes
// it: longer than goleak waits.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

type (
	work = remuda.Work[int, int]
	herd = remuda.Herd[int, int]
)

func succeed(*work) remuda.Status { return remuda.Success }

// newHerd returns a herd that is not started, and is closed after the test.
func newHerd(t *testing.T, size int) *herd {
	t.Helper()
	h := remuda.NewHerd(succeed)
	require.NoError(t, h.SetHerdSize(size))
	t.Cleanup(func() { _ = h.Close(context.Background()) })
	return h
}

// serve serves a herd at addr until the test ends.
func serve(t *testing.T, h herdhttp.Herd, addr string, opts ...herdhttp.Option) *herdhttp.Server {
	t.Helper()
	s, err := herdhttp.Serve(h, addr, opts...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// clientOf serves a herd and returns a client for it.
func clientOf(t *testing.T, h herdhttp.Herd, addr string, opts ...herdhttp.Option) *client {
	t.Helper()
	_, port, err := net.SplitHostPort(serve(t, h, addr, opts...).Addr())
	require.NoError(t, err)
	return newClient(t, "http://127.0.0.1:"+port)
}

func newClient(t *testing.T, url string) *client {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &client{t: t, url: url, http: http.Client{Transport: transport, Timeout: time.Minute}}
}

// A client sends requests to a server of a herd.
type client struct {
	t    *testing.T
	url  string
	http http.Client
}

// An answer is what such a server answers. A refusal has no num, so that is 0.
type answer struct {
	code int
	Num  int    `json:"num"`
	Msg  string `json:"msg"`
}

// do sends a request with headers given as "Name: value", and returns the answer.
func (c *client) do(method, path, body string, headers ...string) (answer, http.Header, string) {
	c.t.Helper()
	req, err := http.NewRequest(method, c.url+path, strings.NewReader(body))
	require.NoError(c.t, err)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			req.Host = value
		}
		req.Header.Set(name, value)
	}
	resp, err := c.http.Do(req)
	require.NoError(c.t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(c.t, err)
	a := answer{code: resp.StatusCode}
	if method != http.MethodHead && resp.Header.Get("Content-Type") == "application/json" {
		require.NoError(c.t, json.Unmarshal(b, &a))
	}
	return a, resp.Header, string(b)
}

func (c *client) patch(body string, headers ...string) answer {
	c.t.Helper()
	a, _, _ := c.do(http.MethodPatch, "/herd", body, headers...)
	return a
}

func (c *client) get(headers ...string) answer {
	c.t.Helper()
	a, _, _ := c.do(http.MethodGet, "/herd", "", headers...)
	return a
}

func num(n int) string { return fmt.Sprintf(`{"num": %d}`, n) }

// lines takes what is logged.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
