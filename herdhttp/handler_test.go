package herdhttp_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/herdhttp"
)

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
	h := remuda.NewHerd(func(w *work) remuda.Status {
		w.SetResult(w.Body + 10)
		return remuda.Success
	})
	t.Cleanup(func() { _ = h.Close(context.Background()) })
	require.NoError(t, h.Start())
	c := clientOf(t, h, "127.0.0.1:0")
	go func() {
		defer h.CloseInputChan()
		for i := range 10 {
			assert.NoError(t, h.SendWork(work{Body: i}))
		}
	}()
	require.JSONEq(t, `{"num":0,"msg":"success"}`, curl(t, "-XGET", c.url+"/herd"))
	require.Zero(t, h.Stats().Success)
	require.JSONEq(t, `{"num":10,"msg":"success"}`, curl(t, "-XPATCH", c.url+"/herd", "-d", `{"num": 10}`))
	var got []int
	for w := range h.OutputChan() {
		require.Equal(t, w.Body+10, w.Result())
		got = append(got, w.Body)
	}
	slices.Sort(got)
	require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, got)
	require.JSONEq(t, `{"num":10,"msg":"success"}`, curl(t, c.url+"/herd"), "it serves until it is closed")
	require.Equal(t, "400", curl(t, "-o", "/dev/null", "-w", "%{http_code}", "-XPATCH", c.url+"/herd", "-d", `{"num"`))
}

func TestGet(t *testing.T) {
	c := clientOf(t, newHerd(t, 15), "127.0.0.1:0")
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
func TestPatch(t *testing.T) {
	c := clientOf(t, newHerd(t, 1), "127.0.0.1:0")
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

func TestOtherMethods(t *testing.T) {
	h := newHerd(t, 7)
	c := clientOf(t, h, "127.0.0.1:0")
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "patch"} {
		a, header, _ := c.do(method, "/herd", num(3))
		assert.Equal(t, http.StatusMethodNotAllowed, a.code, method)
		assert.Equal(t, "GET, HEAD, PATCH", header.Get("Allow"), method)
		assert.Equal(t, 7, h.HerdSize())
	}
}

func TestMetrics(t *testing.T) {
	h := newHerd(t, 1)
	require.NoError(t, h.Start())
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "gofherd_success_total %d\n", h.Stats().Success)
	})
	c := clientOf(t, h, "127.0.0.1:0", herdhttp.WithMetrics(metrics))
	require.NoError(t, h.SendWork(work{}))
	<-h.OutputChan()
	_, _, body := c.do(http.MethodGet, "/metrics", "")
	require.Equal(t, "gofherd_success_total 1\n", body)

	c = clientOf(t, newHerd(t, 1), "127.0.0.1:0")
	a, _, _ := c.do(http.MethodGet, "/metrics", "")
	require.Equal(t, http.StatusNotFound, a.code)
}

// A handler works before the herd is started and after it is closed.
func TestHandler(t *testing.T) {
	h := newHerd(t, 15) // not started
	s := httptest.NewServer(herdhttp.Handler(h))
	defer s.Close()
	c := newClient(t, s.URL)
	require.Equal(t, answer{200, 15, "success"}, c.get())
	require.Equal(t, answer{200, 3, "success"}, c.patch(num(3)))
	require.Equal(t, 403, c.patch(num(4), "Host: evil.example").code)

	require.NoError(t, h.Close(t.Context()))
	require.Equal(t, answer{200, 0, "success"}, c.get())
	require.Equal(t, answer{503, 0, "Herd is closed"}, c.patch(num(3)))
}

// fakeHerd is a herd that refuses every change in its own way.
type fakeHerd struct{ err error }

func (h fakeHerd) HerdSize() int         { return 7 }
func (h fakeHerd) SetHerdSize(int) error { return h.err }

// The answer goes by the error, whoever made it.
func TestErrorsOfTheHerd(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want answer
	}{
		{fmt.Errorf("no: %w", remuda.ErrMinReached), answer{400, 7, "Herd size cannot be negative"}},
		{fmt.Errorf("no: %w", remuda.ErrMaxReached), answer{400, 7, "Herd size cannot exceed 1000000"}},
		{fmt.Errorf("no: %w", remuda.ErrPoolClosed), answer{503, 7, "Herd is closed"}},
		{errors.New("out of hay"), answer{500, 7, "out of hay"}},
	} {
		require.Equal(t, tt.want, clientOf(t, fakeHerd{tt.err}, "127.0.0.1:0").patch(num(3)))
	}
}

// Concurrent requests leave the size at one that was asked for.
func TestConcurrentPatches(t *testing.T) {
	h := newHerd(t, 1)
	require.NoError(t, h.Start())
	c := clientOf(t, h, "127.0.0.1:0")
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

// What is nil is refused where it is handed over, behind a type too.
func TestNil(t *testing.T) {
	h := newHerd(t, 7)
	var noHerd *herd
	var noMetrics http.HandlerFunc
	for _, tt := range []struct {
		herd herdhttp.Herd
		opt  herdhttp.Option
		want string
	}{
		{nil, nil, "remuda: herdhttp: herd is nil"},
		{noHerd, nil, "remuda: herdhttp: herd is nil"},
		{h, nil, "remuda: herdhttp: option is nil"},
		{h, herdhttp.WithAuthorizer(nil), "remuda: herdhttp: authorizer is nil"},
		{h, herdhttp.WithMetrics(nil), "remuda: herdhttp: metrics handler is nil"},
		{h, herdhttp.WithMetrics(noMetrics), "remuda: herdhttp: metrics handler is nil"},
		{h, herdhttp.WithMetrics((*http.ServeMux)(nil)), "remuda: herdhttp: metrics handler is nil"},
		{h, herdhttp.WithErrorLog(nil), "remuda: herdhttp: error log is nil"},
	} {
		s, err := herdhttp.Serve(tt.herd, "127.0.0.1:0", tt.opt)
		require.EqualError(t, err, tt.want)
		require.Nil(t, s)
		require.PanicsWithError(t, tt.want, func() { herdhttp.Handler(tt.herd, tt.opt) })
	}
}
