package remuda_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// serveHerd starts a herd that serves at addr, and returns a client for it.
func serveHerd(t *testing.T, h *herd, addr string) *client {
	t.Helper()
	require.NoError(t, h.SetAddr(addr))
	require.NoError(t, h.Start())
	_, port, err := net.SplitHostPort(h.Addr())
	require.NoError(t, err)
	return newClient(t, "http://127.0.0.1:"+port)
}

func newClient(t *testing.T, url string) *client {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &client{t: t, url: url, http: http.Client{Transport: transport, Timeout: time.Minute}}
}

// A client sends requests to a herd.
type client struct {
	t    *testing.T
	url  string
	http http.Client
}

// An answer is what a herd answers.
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

// curl runs curl, or skips the test where there is none.
func curl(t *testing.T, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("no curl")
	}
	out, err := exec.Command(path, append([]string{"-sS", "--max-time", "60", "--noproxy", "*"}, args...)...).CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}

// gofherd's README: the herd does nothing until somebody makes it larger.
func TestGofherdsProgramWithCurl(t *testing.T) {
	h := newHerd(t, 0, func(w *work) remuda.Status {
		w.SetResult(w.Body + 10)
		return remuda.Success
	})
	c := serveHerd(t, h, "127.0.0.1:0")
	sendAll(t, h, 10)
	require.JSONEq(t, `{"num":0,"msg":"success"}`, curl(t, "-XGET", c.url+"/herd"))
	require.Zero(t, h.Stats().Success)
	require.JSONEq(t, `{"num":10,"msg":"success"}`, curl(t, "-XPATCH", c.url+"/herd", "-d", `{"num": 10}`))
	out := collect(h)
	require.Equal(t, upTo(10), bodies(out))
	for _, w := range out {
		require.Equal(t, w.Body+10, w.Result())
	}
	require.JSONEq(t, `{"num":10,"msg":"success"}`, curl(t, c.url+"/herd"), "it serves until Close")
	require.Equal(t, "400", curl(t, "-o", "/dev/null", "-w", "%{http_code}", "-XPATCH", c.url+"/herd", "-d", `{"num"`))
}

func TestHerdGet(t *testing.T) {
	h := newHerd(t, 15, succeed)
	c := serveHerd(t, h, "127.0.0.1:0")
	a, header, body := c.do(http.MethodGet, "/herd", "")
	require.Equal(t, answer{200, 15, "success"}, a)
	require.Equal(t, "application/json", header.Get("Content-Type"))
	require.JSONEq(t, `{"num":15,"msg":"success"}`, body)
	require.Len(t, body, len(`{"num":15,"msg":"success"}`), "to the byte, as gofherd does")
	a, _, body = c.do(http.MethodHead, "/herd", "")
	require.Equal(t, 200, a.code)
	require.Empty(t, body)
	a, _, _ = c.do(http.MethodGet, "/nothing", "")
	require.Equal(t, http.StatusNotFound, a.code)
}

// gofherd's update messages.
func TestHerdPatch(t *testing.T) {
	c := serveHerd(t, newHerd(t, 1, succeed), "127.0.0.1:0")
	for _, tt := range []struct {
		num  int
		want answer
	}{
		{10, answer{200, 10, "success"}},
		{10, answer{200, 10, "Herd size already 10"}},
		{-1, answer{400, 10, "Herd size cannot be negative"}},
		{0, answer{200, 0, "success"}},
		{0, answer{200, 0, "Herd size already 0"}},
		{remuda.MaxHerdSize + 1, answer{400, 0, "Herd size cannot exceed 1000000"}},
		{remuda.MaxHerdSize, answer{200, remuda.MaxHerdSize, "success"}},
		{1, answer{200, 1, "success"}},
	} {
		require.Equal(t, tt.want, c.patch(num(tt.num)))
		require.Equal(t, tt.want.Num, c.get().Num)
	}
}

// What is not exactly {"num": N} is refused with a message, and changes nothing.
func TestHerdPatchRefusesBadBodies(t *testing.T) {
	h := newHerd(t, 7, succeed)
	c := serveHerd(t, h, "127.0.0.1:0")
	for _, body := range []string{
		``, ` `, `{`, `{}`, `[]`, `null`, `true`, `3`, `"3"`, `nonsense`, "\x00", "\xff\xfe",
		`{"num"}`, `{"num":}`, `{"num":3`, `{"num":3]`, `{num:3}`, `{'num':3}`, `{"num":3,}`,
		`{"num":null}`, `{"num":"3"}`, `{"num":[3]}`, `{"num":{}}`, `{"num":true}`,
		`{"num":3.5}`, `{"num":3e1}`, `{"num":03}`, `{"num":+3}`, `{"num":0x3}`, `{"num":NaN}`, `{"num":--3}`,
		`{"num":99999999999999999999999}`, `{"num":-99999999999999999999999}`, `{"num":1e400}`,
		`{"num":9223372036854775807}`, `{"num":-9223372036854775808}`, `{"num":4294967299}`,
		`{"Num":3}`, `{"NUM":3}`, `{"size":3}`, `{"":3}`, `{"num":3,"msg":"x"}`, `{"num":3,"Num":3}`, `{"msg":"success"}`,
		`{"num":3}{"num":3}`, `{"num":3} 3`, `{"num":3}x`, `{"num":3}}`, `{"num":3},`, `[{"num":3}]`,
		`num=3`, `{"num":3}` + strings.Repeat(" ", 4096),
		`{"num":` + strings.Repeat("0", 5000) + `3}`, strings.Repeat("[", 4000), strings.Repeat("x", 1<<20),
	} {
		a := c.patch(body)
		assert.Equal(t, http.StatusBadRequest, a.code, "%.40q", body)
		assert.NotEmpty(t, a.Msg, "%.40q", body)
		assert.Equal(t, 7, a.Num, "%.40q", body)
		assert.Equal(t, 7, h.HerdSize(), "%.40q", body)
	}
	for i, body := range []string{
		`{"num":1}`, " \t\r\n{ \"num\" : 2 } \n", `{"num":3}` + strings.Repeat(" ", 4096-9), `{"n\u0075m":4}`, `{"num":-0}`,
	} {
		assert.Equal(t, answer{200, (i + 1) % 5, "success"}, c.patch(body), "%.40q", body)
	}
}

func TestHerdOtherMethods(t *testing.T) {
	h := newHerd(t, 7, succeed)
	c := serveHerd(t, h, "127.0.0.1:0")
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "patch"} {
		a, header, _ := c.do(method, "/herd", num(3))
		assert.Equal(t, http.StatusMethodNotAllowed, a.code, method)
		assert.Equal(t, "GET, HEAD, PATCH", header.Get("Allow"), method)
		assert.Equal(t, 7, h.HerdSize())
	}
}

// A web page of another origin cannot change the size. What is not sent by a
// browser, or by a page of the herd's own origin, can.
func TestHerdPatchRefusesOtherOrigins(t *testing.T) {
	h := newHerd(t, 7, succeed)
	c := serveHerd(t, h, "127.0.0.1:0")
	for _, header := range []string{
		"Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site",
		"Origin: http://evil.example", "Origin: null", "Origin: http://127.0.0.1:1", "Origin: http://localhost",
	} {
		a := c.patch(num(3), header)
		assert.Equal(t, answer{403, 7, "Cross-origin request refused"}, a, header)
		assert.Equal(t, 7, h.HerdSize())
	}
	for i, header := range []string{"Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: none", "Origin: " + c.url, "X-Nothing: x"} {
		assert.Equal(t, answer{200, i, "success"}, c.patch(num(i), header), header)
	}
}

// A page whose own name leads to this machine (DNS rebinding) is of the same
// origin for the browser, but cannot hide its name.
func TestHerdRefusesForeignHosts(t *testing.T) {
	h := newHerd(t, 7, succeed)
	require.NoError(t, h.SetMetricsHandler(http.NotFoundHandler()))
	c := serveHerd(t, h, "127.0.0.1:0")
	port := h.Addr()[strings.LastIndex(h.Addr(), ":"):]
	for _, host := range []string{
		"evil.example", "evil.example" + port, "localhost.evil.example", "127.0.0.1.evil.example", "notlocalhost",
		"0.0.0.0", "[::]", "192.168.1.1", "[fe80::1%25lo]", "2130706433", "0x7f.1", "127.1",
	} {
		for _, path := range []string{"/herd", "/metrics"} {
			a, _, _ := c.do(http.MethodGet, path, "", "Host: "+host)
			assert.Equal(t, answer{403, 7, "Not a loopback host"}, a, host+path)
		}
		a := c.patch(num(3), "Host: "+host, "Origin: http://"+host, "Sec-Fetch-Site: same-origin")
		assert.Equal(t, answer{403, 7, "Not a loopback host"}, a, host)
	}
	for i, host := range []string{"localhost", "LocalHost" + port, "127.0.0.1", "127.8.9.10:1", "[::1]", "[::1]" + port, "[::ffff:127.0.0.1]"} {
		assert.Equal(t, answer{200, i, "success"}, c.patch(num(i), "Host: "+host), host)
	}
	t.Run("no host at all", func(t *testing.T) {
		resp := raw(t, h.Addr(), "PATCH /herd HTTP/1.0\r\nContent-Length: 9\r\n\r\n{\"num\":3}")
		require.Contains(t, resp, "403 Forbidden")
		resp = raw(t, h.Addr(), "PATCH /herd HTTP/1.1\r\nContent-Length: 9\r\n\r\n{\"num\":3}")
		require.Contains(t, resp, "400 Bad Request")
		require.Equal(t, 6, h.HerdSize())
	})
}

// raw sends bytes and returns the answer.
func raw(t *testing.T, addr, request string) string {
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, request)
	require.NoError(t, err)
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	b, err := io.ReadAll(conn)
	require.NoError(t, err)
	return string(b)
}

// Where others can reach it, nobody may change the size until it is said who.
func TestHerdAtOtherAddresses(t *testing.T) {
	authorize := func(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer yes" }
	for _, addr := range []string{"0.0.0.0:0", ":0", "127.0.0.1:0", "localhost:0"} {
		loopback := addr[0] == '1' || addr[0] == 'l'
		t.Run(addr, func(t *testing.T) {
			h := newHerd(t, 7, succeed)
			c := serveHerd(t, h, addr)
			require.Equal(t, 7, c.get().Num)
			if loopback {
				require.Equal(t, answer{200, 3, "success"}, c.patch(num(3)))
				return
			}
			require.Equal(t, answer{403, 7, "Not a loopback address, and no authorizer is set"}, c.patch(num(3)))
			require.Equal(t, 7, h.HerdSize())
			require.Equal(t, 7, c.get("Host: herd.example").Num)
		})
		t.Run(addr+" with an authorizer", func(t *testing.T) {
			h := newHerd(t, 7, succeed)
			require.NoError(t, h.SetAuthorizer(authorize))
			c := serveHerd(t, h, addr)
			require.Equal(t, answer{403, 7, "Not authorized"}, c.patch(num(3)))
			require.Equal(t, answer{403, 7, "Not authorized"}, c.patch(num(3), "Authorization: Bearer no"))
			require.Equal(t, 403, c.patch(num(3), "Authorization: Bearer yes", "Origin: http://evil.example").code)
			require.Equal(t, 400, c.patch(num(-3), "Authorization: Bearer yes").code)
			require.Equal(t, answer{200, 3, "success"}, c.patch(num(3), "Authorization: Bearer yes"))
		})
	}
}

// A handler that is mounted elsewhere goes by where the connection came in.
func TestHerdHandler(t *testing.T) {
	t.Run("at a loopback address", func(t *testing.T) {
		h := newHerd(t, 15, succeed) // not started
		s := httptest.NewServer(h.Handler())
		defer s.Close()
		c := newClient(t, s.URL)
		require.Equal(t, answer{200, 15, "success"}, c.get())
		require.Equal(t, answer{200, 3, "success"}, c.patch(num(3)))
		require.Equal(t, 403, c.patch(num(4), "Host: evil.example").code)
		require.Empty(t, h.Addr())

		require.NoError(t, h.Close(bg))
		require.Equal(t, answer{200, 0, "success"}, c.get())
		require.Equal(t, answer{503, 0, "Herd is closed"}, c.patch(num(3)))
	})
	at := func(addr net.Addr) *http.Request {
		r := httptest.NewRequest(http.MethodPatch, "http://herd.example/herd", strings.NewReader(num(3)))
		if addr != nil {
			r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, addr))
		}
		return r
	}
	for name, addr := range map[string]net.Addr{
		"another address":    &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80},
		"a Unix socket":      &net.UnixAddr{Name: "/socket", Net: "unix"},
		"an unknown address": nil,
	} {
		t.Run("at "+name, func(t *testing.T) {
			h := newHerd(t, 15, succeed)
			rec := httptest.NewRecorder()
			h.Handler().ServeHTTP(rec, at(addr))
			require.Equal(t, http.StatusForbidden, rec.Code)
			require.Equal(t, 15, h.HerdSize())
			require.NoError(t, h.SetAuthorizer(func(*http.Request) bool { return true }))
			rec = httptest.NewRecorder()
			h.Handler().ServeHTTP(rec, at(addr))
			require.Equal(t, http.StatusOK, rec.Code)
			require.Equal(t, 3, h.HerdSize())
		})
	}
}

func TestHerdMetricsHandler(t *testing.T) {
	h := newHerd(t, 1, succeed)
	require.NoError(t, h.SetMetricsHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "gofherd_success_total %d\n", h.Stats().Success)
	})))
	c := serveHerd(t, h, "127.0.0.1:0")
	require.NoError(t, h.SendWork(unit(0)))
	<-h.OutputChan()
	_, _, body := c.do(http.MethodGet, "/metrics", "")
	require.Equal(t, "gofherd_success_total 1\n", body)

	c = serveHerd(t, newHerd(t, 1, succeed), "127.0.0.1:0")
	a, _, _ := c.do(http.MethodGet, "/metrics", "")
	require.Equal(t, http.StatusNotFound, a.code)
}

func TestHerdPort(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := busy.Addr().String()

	h := newHerd(t, 2, succeed)
	require.NoError(t, h.SetAddr(addr))
	require.ErrorIs(t, h.Start(), syscall.EADDRINUSE)
	require.NoError(t, h.SetMaxRetries(1), "it is not started")
	require.Empty(t, h.Addr())
	require.NoError(t, h.SetAddr("nonsense"))
	require.ErrorContains(t, h.Start(), "remuda: herd: listen tcp: address nonsense")

	require.NoError(t, busy.Close())
	for range 3 { // Close frees the port each time
		require.NoError(t, h.SetAddr(addr))
		require.NoError(t, h.Start())
		require.Equal(t, addr, h.Addr())
		c := newClient(t, "http://"+addr)
		require.Equal(t, 2, c.get().Num)
		require.NoError(t, h.Close(bg))
		_, err := net.Dial("tcp", addr)
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		h = newHerd(t, 2, succeed)
	}
}

// Concurrent requests leave the size at one that was asked for.
func TestConcurrentPatches(t *testing.T) {
	h := newHerd(t, 1, succeed)
	c := serveHerd(t, h, "127.0.0.1:0")
	for range 20 {
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				a := c.patch(num(10 + i))
				assert.Equal(t, 200, a.code)
				assert.Equal(t, 10+i, a.Num, "the answer is about this request")
			})
		}
		wg.Wait()
		size := h.HerdSize()
		require.True(t, 10 <= size && size < 20)
		require.Equal(t, size, c.get().Num)
		require.Equal(t, size, h.Stats().Pool.Workers)
	}
}

// 10,000 requests of all kinds change the size only when they are valid.
func TestHerdFuzz(t *testing.T) {
	const size = 4000
	h := newHerd(t, size, succeed)
	c := serveHerd(t, h, "127.0.0.1:0")
	rnd := rand.New(rand.NewPCG(1, 2))
	pick := func(s ...string) string { return s[rnd.IntN(len(s))] }
	want, changed := size, 0
	for range 10_000 {
		n := rnd.IntN(1000) - 100
		body := num(n)
		switch rnd.IntN(4) {
		case 0: // some bytes are others
			b := []byte(body)
			for range 1 + rnd.IntN(3) {
				b[rnd.IntN(len(b))] = byte(rnd.IntN(256))
			}
			body = string(b)
		case 1: // cut out, or doubled
			i := rnd.IntN(len(body))
			body = pick(body[:i], body[i:], body+body[i:], body[:i]+body)
		case 2:
			body = pick("", "{}", "null", `{"num":`, "\x00", strings.Repeat("9", rnd.IntN(6000)), strings.Repeat("{", rnd.IntN(6000)))
		}
		method := pick("PATCH", "PATCH", "PATCH", "PATCH", "POST", "PUT", "DELETE", "GET")
		header := pick("X-A: b", "X-A: b", "X-A: b", "Origin: http://evil.example", "Host: evil.example", "Content-Type: text/plain")
		a, _, _ := c.do(method, "/herd", body, header)
		asked, valid := plainNum(body)
		valid = valid && method == "PATCH" && !strings.Contains(header, "evil") && asked >= 0 && asked <= remuda.MaxHerdSize
		if valid {
			require.Equal(t, 200, a.code, "%s %s %q", method, header, body)
			want = asked
			changed++
		} else if method != "GET" {
			require.GreaterOrEqual(t, a.code, 400, "%s %s %q", method, header, body)
		}
		require.Equal(t, want, h.HerdSize(), "%s %s %q", method, header, body)
	}
	require.Greater(t, changed, 500)
	require.NoError(t, h.SetHerdSize(1))
}

// plainNum reads {"num": N} in a way that has nothing in common with the herd's.
func plainNum(body string) (int, bool) {
	space := func(s string) string { return strings.Trim(s, " \t\r\n") }
	s, ok := strings.CutPrefix(space(body), "{")
	s, ok2 := strings.CutSuffix(space(s), "}")
	name, number, ok3 := strings.Cut(space(s), ":")
	number = space(number)
	digits := strings.TrimPrefix(number, "-")
	n, err := strconv.Atoi(number)
	plain := err == nil && !strings.HasPrefix(number, "+") && (digits == "0" || digits[0] != '0')
	return n, ok && ok2 && ok3 && plain && space(name) == `"num"` && len(body) <= 4096
}

// A request that takes for ever holds up nobody, and is cut off after a time.
func TestHerdSlowRequests(t *testing.T) {
	for name, request := range map[string]string{
		"nothing":        "",
		"a slow header":  "PATCH /herd HTTP/1.1\r\nHost: localhost\r\n",
		"a slow body":    "PATCH /herd HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{\"num\"",
		"a chunked body": "PATCH /herd HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n{\"num\"",
	} {
		bubble(t, name, func(t *testing.T) {
			l := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
			h := newHerd(t, 7, succeed)
			h.ServeAt(l)
			require.NoError(t, h.Start())
			slow, fast := l.dial(), l.dial()
			_, err := io.WriteString(slow, request)
			require.NoError(t, err)

			_, err = io.WriteString(fast, "PATCH /herd HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\nConnection: close\r\n\r\n{\"num\":5}")
			require.NoError(t, err)
			resp, err := http.ReadResponse(bufio.NewReader(fast), nil)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, 200, resp.StatusCode)

			begin := time.Now()
			b, err := io.ReadAll(slow)
			require.NoError(t, err)
			require.LessOrEqual(t, time.Since(begin), 10*time.Second)
			require.NotContains(t, string(b), "200 OK")
			require.Equal(t, 5, h.HerdSize())
			require.NoError(t, h.Close(bg))
		})
	}
	bubble(t, "and Close", func(t *testing.T) {
		l := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
		h := newHerd(t, 7, succeed)
		h.ServeAt(l)
		require.NoError(t, h.Start())
		conn := l.dial()
		_, err := io.WriteString(conn, "PATCH /herd HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{\"num\"")
		require.NoError(t, err)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		begin := time.Now()
		require.Equal(t, context.DeadlineExceeded, h.Close(ctx))
		require.Equal(t, time.Second, time.Since(begin))
		_, err = conn.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
		require.Equal(t, time.Second, time.Since(begin), "cut off by Close")
		synctest.Wait()
		require.Empty(t, goroutines())
	})
}

// pipes is a listener at a loopback address without a network.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.conns <- server
	return client
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5555} }

// A listener that fails is no reason to fail: the herd logs it, and Close says it.
func TestHerdListenerFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
		h := newHerd(t, 1, succeed)
		var log lines
		require.NoError(t, h.SetLogger(&log))
		h.ServeAt(l)
		require.NoError(t, h.Start())
		require.NoError(t, l.Close())
		synctest.Wait()
		require.NoError(t, h.SendWork(unit(1)))
		require.Equal(t, 1, (<-h.OutputChan()).Body)
		require.ErrorIs(t, h.Close(bg), net.ErrClosed)
		require.Contains(t, log.String(), "stopped to serve: use of closed network connection")
	})
}

// lines is a Logger.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Printf(format string, v ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(&l.buf, format+"\n", v...)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func TestHerdLogger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log lines
		h := newHerd(t, 1, func(w *work) remuda.Status { return []remuda.Status{remuda.Success, remuda.Retry}[w.Body] })
		require.NoError(t, h.SetLogger(&log))
		require.NoError(t, h.SetMaxRetries(1))
		require.NoError(t, h.AddFailureCallback(func(*work) { panic(errors.New("on purpose")) }))
		require.NoError(t, h.Start())
		for i := range 2 {
			require.NoError(t, h.SendWork(unit(i)))
			<-h.OutputChan()
		}
		require.NoError(t, h.SetHerdSize(2))
		require.NoError(t, h.SetHerdSize(2))
		h.CloseInputChan()
		h.CloseInputChan()
		synctest.Wait()
		require.Equal(t, `work "unit 0": success, retries: 0
work "unit 1": retry, retries: 1
work "unit 1": failure, retries: 1
work "unit 1": callback: remuda: job panicked: on purpose
herd size: 2, was 1
closed the input
closed the output
`, log.String())
	})
}
