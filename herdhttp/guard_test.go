package herdhttp_test

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda/herdhttp"
)

// A web page of another origin cannot change the size. What is not sent by a
// browser, or by a page of the herd's own origin, can.
func TestOtherOriginsAreRefused(t *testing.T) {
	h := newHerd(t, 7)
	c := clientOf(t, h, "127.0.0.1:0")
	for _, header := range []string{
		"Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site",
		"Origin: http://evil.example", "Origin: null", "Origin: http://127.0.0.1:1", "Origin: http://localhost",
	} {
		a := c.patch(num(3), header)
		assert.Equal(t, answer{code: 403, Msg: "Cross-origin request refused"}, a, header)
		assert.Equal(t, 7, h.HerdSize())
	}
	for i, header := range []string{"Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: none", "Origin: " + c.url, "X-Nothing: x"} {
		assert.Equal(t, answer{200, i, "success"}, c.patch(num(i), header), header)
	}
}

// A page whose own name leads to this machine (DNS rebinding) is of the same
// origin for the browser, but cannot hide its name.
func TestForeignHostsAreRefused(t *testing.T) {
	h := newHerd(t, 7)
	s := serve(t, h, "127.0.0.1:0", herdhttp.WithMetrics(http.NotFoundHandler()))
	c := newClient(t, "http://"+s.Addr())
	port := s.Addr()[strings.LastIndex(s.Addr(), ":"):]
	for _, host := range []string{
		"evil.example", "evil.example" + port, "localhost.evil.example", "127.0.0.1.evil.example", "notlocalhost",
		"0.0.0.0", "[::]", "192.168.1.1", "[fe80::1%25lo]", "2130706433", "0x7f.1", "127.1",
	} {
		for _, path := range []string{"/herd", "/metrics"} {
			a, _, body := c.do(http.MethodGet, path, "", "Host: "+host)
			assert.Equal(t, answer{code: 403, Msg: "Not a loopback host"}, a, host+path)
			assert.NotContains(t, body, "num", "the size is nobody's business")
		}
		a := c.patch(num(3), "Host: "+host, "Origin: http://"+host, "Sec-Fetch-Site: same-origin")
		assert.Equal(t, answer{code: 403, Msg: "Not a loopback host"}, a, host)
	}
	for i, host := range []string{"localhost", "LocalHost" + port, "127.0.0.1", "127.8.9.10:1", "[::1]", "[::1]" + port, "[::ffff:127.0.0.1]"} {
		assert.Equal(t, answer{200, i, "success"}, c.patch(num(i), "Host: "+host), host)
	}
	t.Run("no host at all", func(t *testing.T) {
		resp := raw(t, s.Addr(), "PATCH /herd HTTP/1.0\r\nContent-Length: 9\r\n\r\n{\"num\":3}")
		require.Contains(t, resp, "403 Forbidden")
		resp = raw(t, s.Addr(), "PATCH /herd HTTP/1.1\r\nContent-Length: 9\r\n\r\n{\"num\":3}")
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

// bearer authorizes who knows the word.
func bearer(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer yes" }

// Where others can reach it, nobody sees or changes anything until it is said
// who may.
func TestOtherAddresses(t *testing.T) {
	metrics := herdhttp.WithMetrics(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "metrics")
	}))
	for _, addr := range []string{"0.0.0.0:0", ":0", "127.0.0.1:0", "localhost:0"} {
		loopback := addr[0] == '1' || addr[0] == 'l'
		t.Run(addr, func(t *testing.T) {
			h := newHerd(t, 7)
			c := clientOf(t, h, addr, metrics)
			if loopback {
				require.Equal(t, 7, c.get().Num)
				require.Equal(t, answer{200, 3, "success"}, c.patch(num(3)))
				return
			}
			want := answer{code: 403, Msg: "Not a loopback address, and no authorizer is set"}
			require.Equal(t, want, c.patch(num(3)))
			require.Equal(t, want, c.get())
			a, _, body := c.do(http.MethodGet, "/metrics", "")
			require.Equal(t, want, a)
			require.NotContains(t, body, "metrics")
			require.Equal(t, 7, h.HerdSize())
		})
		t.Run(addr+" with an authorizer", func(t *testing.T) {
			h := newHerd(t, 7)
			c := clientOf(t, h, addr, metrics, herdhttp.WithAuthorizer(bearer))
			want := answer{code: 403, Msg: "Not authorized"}
			require.Equal(t, want, c.patch(num(3)))
			require.Equal(t, want, c.patch(num(3), "Authorization: Bearer no"))
			require.Equal(t, want, c.get())
			a, _, _ := c.do(http.MethodGet, "/metrics", "")
			require.Equal(t, want, a)
			require.Equal(t, 403, c.patch(num(3), "Authorization: Bearer yes", "Origin: http://evil.example").code)
			require.Equal(t, 400, c.patch(num(-3), "Authorization: Bearer yes").code)
			require.Equal(t, 7, h.HerdSize())
			require.Equal(t, answer{200, 3, "success"}, c.patch(num(3), "Authorization: Bearer yes"))
			require.Equal(t, 3, c.get("Authorization: Bearer yes").Num)
			_, _, body := c.do(http.MethodGet, "/metrics", "", "Authorization: Bearer yes")
			require.Equal(t, "metrics", body)
		})
	}
}

// A handler that is mounted elsewhere goes by where the connection came in.
func TestHandlerAtOtherAddresses(t *testing.T) {
	request := func(method string, addr net.Addr) *http.Request {
		r := httptest.NewRequest(method, "http://herd.example/herd", strings.NewReader(num(3)))
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
		t.Run(name, func(t *testing.T) {
			h := newHerd(t, 15)
			for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPatch, http.MethodPost} {
				rec := httptest.NewRecorder()
				herdhttp.Handler(h).ServeHTTP(rec, request(method, addr))
				require.Equal(t, http.StatusForbidden, rec.Code)
				require.NotContains(t, rec.Body.String(), "15")
			}
			require.Equal(t, 15, h.HerdSize())
			rec := httptest.NewRecorder()
			yes := herdhttp.WithAuthorizer(func(*http.Request) bool { return true })
			herdhttp.Handler(h, yes).ServeHTTP(rec, request(http.MethodPatch, addr))
			require.Equal(t, http.StatusOK, rec.Code)
			require.Equal(t, 3, h.HerdSize())
		})
	}
}

// An authorizer that does not return costs its own request, and nobody else's.
func TestAuthorizerThatDoesNotReturn(t *testing.T) {
	for name, blow := range map[string]func(){
		"panic":  func() { panic("on purpose") },
		"Goexit": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			h := newHerd(t, 7)
			var calls atomic.Int32
			var logged lines
			c := clientOf(t, h, "127.0.0.1:0", herdhttp.WithErrorLog(log.New(&logged, "", 0)),
				herdhttp.WithAuthorizer(func(*http.Request) bool {
					if calls.Add(1) == 1 {
						blow()
					}
					return true
				}))
			req, err := http.NewRequest(http.MethodPatch, c.url+"/herd", strings.NewReader(num(3)))
			require.NoError(t, err)
			_, err = c.http.Do(req) //nolint:bodyclose // there is none
			require.ErrorIs(t, err, io.EOF, "it gets no answer")
			require.Equal(t, 7, h.HerdSize())
			require.Equal(t, answer{200, 3, "success"}, c.patch(num(3)))
			require.Equal(t, name == "panic", strings.Contains(logged.String(), "on purpose"))
		})
	}
}
