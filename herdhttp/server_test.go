package herdhttp_test

import (
	"bufio"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda/herdhttp"
)

func TestAddress(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := busy.Addr().String()

	h := newHerd(t, 2)
	_, err = herdhttp.Serve(h, addr)
	require.ErrorIs(t, err, syscall.EADDRINUSE)
	_, err = herdhttp.Serve(h, "nonsense")
	require.ErrorContains(t, err, "remuda: herdhttp: listen tcp: address nonsense")

	require.NoError(t, busy.Close())
	for _, end := range []func(*herdhttp.Server) error{
		(*herdhttp.Server).Close,
		func(s *herdhttp.Server) error { return s.Shutdown(t.Context()) },
		(*herdhttp.Server).Close,
	} { // each frees the address
		s, err := herdhttp.Serve(h, addr)
		require.NoError(t, err)
		require.Equal(t, addr, s.Addr())
		require.Equal(t, 2, newClient(t, "http://"+addr).get().Num)
		require.NoError(t, end(s))
		_, err = net.Dial("tcp", addr)
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		require.Equal(t, addr, s.Addr())
		require.NoError(t, s.Close(), "once more does nothing")
		require.NoError(t, s.Shutdown(t.Context()))
	}
}

// Herd and server do not close each other.
func TestHerdAndServerAreClosedApart(t *testing.T) {
	h := newHerd(t, 2)
	require.NoError(t, h.Start())
	s := serve(t, h, "127.0.0.1:0")
	require.NoError(t, s.Close())
	require.NoError(t, h.SetHerdSize(3))

	s = serve(t, h, "127.0.0.1:0")
	require.NoError(t, h.Close(t.Context()))
	c := newClient(t, "http://"+s.Addr())
	require.Equal(t, answer{200, 0, "success"}, c.get())
	require.Equal(t, answer{503, 0, "Herd is closed"}, c.patch(num(1)))
}

// A request that takes forever holds up nobody, and is cut off after a time.
func TestSlowRequests(t *testing.T) {
	for name, request := range map[string]string{
		"nothing":        "",
		"a slow header":  "PATCH /herd HTTP/1.1\r\nHost: localhost\r\n",
		"a slow body":    halfABody,
		"a chunked body": "PATCH /herd HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n{\"num\"",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newPipes()
				h := newHerd(t, 7)
				s, err := herdhttp.ServeListener(h, l)
				require.NoError(t, err)
				slow, fast := l.dial(), l.dial()
				_, err = io.WriteString(slow, request)
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
				require.NoError(t, s.Shutdown(t.Context()))
			})
		})
	}
}

const halfABody = "PATCH /herd HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{\"num\""

// Shutdown waits for requests until its context ends; Close does not wait.
func TestRequestsAtTheEnd(t *testing.T) {
	for name, tt := range map[string]struct {
		end  func(context.Context, *herdhttp.Server) error
		took time.Duration
		err  error
	}{
		"Shutdown": {func(ctx context.Context, s *herdhttp.Server) error { return s.Shutdown(ctx) }, time.Second, context.DeadlineExceeded},
		"Close":    {func(_ context.Context, s *herdhttp.Server) error { return s.Close() }, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newPipes()
				h := newHerd(t, 7)
				s, err := herdhttp.ServeListener(h, l)
				require.NoError(t, err)
				conn := l.dial()
				_, err = io.WriteString(conn, halfABody)
				require.NoError(t, err)
				synctest.Wait()
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				begin := time.Now()
				require.Equal(t, tt.err, tt.end(ctx, s))
				require.Equal(t, tt.took, time.Since(begin))
				_, err = conn.Read(make([]byte, 1))
				require.ErrorIs(t, err, io.EOF)
				require.Equal(t, tt.took, time.Since(begin), "the request is cut off")
				require.Equal(t, 7, h.HerdSize())
			}) // would fail if a goroutine were left
		})
	}
}

// A listener that fails is logged, if there is a log, and Close says it.
func TestListenerFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		var logged lines
		s, err := herdhttp.ServeListener(newHerd(t, 1), l, herdhttp.WithErrorLog(log.New(&logged, "", 0)))
		require.NoError(t, err)
		require.NoError(t, l.Close())
		synctest.Wait()
		require.Equal(t, "remuda: herdhttp: stopped serving: use of closed network connection\n", logged.String())
		require.ErrorIs(t, s.Close(), net.ErrClosed)
		require.ErrorIs(t, s.Shutdown(t.Context()), net.ErrClosed)
	})
}

// pipes is a listener at a loopback address without a network.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

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
