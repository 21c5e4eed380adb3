package herdhttp

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/internal/loopback"
)

// Handler returns what [Serve] serves, to be mounted on a server that the
// program has already. It can be used before the herd is started, and after it
// was closed.
//
//   - GET /herd answers {"num":10,"msg":"success"}, where num is the herd size.
//   - PATCH /herd with the body {"num": 10} changes the size and answers in the
//     same form. The answer to a body that is not exactly that, has more than 4
//     KiB, or asks for a size that is negative or above [remuda.MaxHerdSize], is
//     400 with a message, and the size stays as it was. After Herd.Close the
//     answer is 503.
//   - GET /metrics is what was given to [WithMetrics], if anything.
//
// The package's documentation says which requests are refused.
//
// Handler panics if the herd or an option is nil, or was given nil, as
// [http.Handle] does with a handler that is nil.
func Handler(herd Herd, opts ...Option) http.Handler {
	c, err := newConfig(herd, opts)
	if err != nil {
		panic(err)
	}
	return c.handler(loopback.Arrived)
}

func (c *config) handler(atLoopback func(*http.Request) bool) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /herd", c.show)
	mux.HandleFunc("PATCH /herd", c.resize)
	if c.metrics != nil {
		mux.Handle("GET /metrics", c.metrics)
	}
	return &guard{next: mux, atLoopback: atLoopback, authorize: c.authorize, origins: http.NewCrossOriginProtection()}
}

// show answers with the size of the herd.
func (c *config) show(w http.ResponseWriter, _ *http.Request) {
	writeSize(w, http.StatusOK, c.herd.HerdSize(), "success")
}

// resize changes the size of the herd.
func (c *config) resize(w http.ResponseWriter, r *http.Request) {
	num, err := readNum(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		writeSize(w, http.StatusBadRequest, c.herd.HerdSize(), "Bad request: "+err.Error())
		return
	}
	before := c.herd.HerdSize()
	err = c.herd.SetHerdSize(num)
	if err != nil {
		code, msg := explain(err)
		writeSize(w, code, c.herd.HerdSize(), msg)
		return
	}
	msg := "success"
	if before == num {
		msg = fmt.Sprintf("Herd size already %d", num)
	}
	writeSize(w, http.StatusOK, num, msg) // what this request has made of it
}

// explain turns an error of SetHerdSize into an answer.
func explain(err error) (code int, msg string) {
	switch {
	case errors.Is(err, remuda.ErrMinReached):
		return http.StatusBadRequest, "Herd size cannot be negative"
	case errors.Is(err, remuda.ErrMaxReached):
		return http.StatusBadRequest, fmt.Sprintf("Herd size cannot exceed %d", remuda.MaxHerdSize)
	case errors.Is(err, remuda.ErrPoolClosed):
		return http.StatusServiceUnavailable, "Herd is closed"
	default:
		return http.StatusInternalServerError, err.Error()
	}
}
