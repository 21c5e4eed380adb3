package remuda

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// maxBody is how many bytes the body of a request may have.
const maxBody = 4 << 10

// Handler returns what a herd with an address serves, to be mounted elsewhere,
// before Start too:
//
//   - GET /herd answers {"num":10,"msg":"success"}, where num is the herd size.
//   - PATCH /herd with the body {"num": 10} changes the size and answers in the
//     same form. The answer to a body that is not exactly that, has more than 4
//     KiB, or asks for a size that is negative or above [MaxHerdSize], is 400
//     with a message, and the size stays as it was.
//   - GET /metrics is what was given to [Herd.SetMetricsHandler], if anything.
//
// PATCH is refused with 403 to web pages of another origin
// ([http.CrossOriginProtection]), and to everybody whom the function given to
// [Herd.SetAuthorizer] refuses. With no such function, it is refused to
// everybody unless the server listens on a loopback address; there, every
// request must name a loopback host, so that no web page can come in by a name
// of its own that leads here (DNS rebinding). A handler that is mounted
// elsewhere goes by the address at which the connection came in: behind a proxy
// on the same machine that is a loopback address, so it needs an authorizer.
func (h *Herd[Body, Result]) Handler() http.Handler { return h.handler(arrivedAtLoopback) }

func (h *Herd[Body, Result]) handler(atLoopback func(*http.Request) bool) http.Handler {
	origins := http.NewCrossOriginProtection()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /herd", func(w http.ResponseWriter, _ *http.Request) {
		h.reply(w, http.StatusOK, "success")
	})
	mux.HandleFunc("PATCH /herd", func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		authorize := h.authorize
		h.mu.Unlock()
		switch {
		case origins.Check(r) != nil:
			h.reply(w, http.StatusForbidden, "Cross-origin request refused")
		case authorize == nil && !atLoopback(r):
			h.reply(w, http.StatusForbidden, "Not a loopback address, and no authorizer is set")
		case authorize != nil && !authorize(r):
			h.reply(w, http.StatusForbidden, "Not authorized")
		default:
			h.patch(w, r)
		}
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		metrics := h.metrics
		h.mu.Unlock()
		if metrics == nil {
			http.NotFound(w, r)
			return
		}
		metrics.ServeHTTP(w, r)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if atLoopback(r) && !isLoopbackHost(r.Host) {
			h.reply(w, http.StatusForbidden, "Not a loopback host")
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// patch changes the size of the herd.
func (h *Herd[Body, Result]) patch(w http.ResponseWriter, r *http.Request) {
	num, err := readNum(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		h.reply(w, http.StatusBadRequest, "Bad request: "+err.Error())
		return
	}
	before, after, err := h.resize(func(int) int { return num })
	reply, code := herdReply{Num: after, Msg: "success"}, http.StatusOK
	switch {
	case errors.Is(err, ErrMinReached):
		reply.Msg, code = "Herd size cannot be negative", http.StatusBadRequest
	case errors.Is(err, ErrMaxReached):
		reply.Msg, code = fmt.Sprintf("Herd size cannot exceed %d", MaxHerdSize), http.StatusBadRequest
	case err != nil:
		reply.Msg, code = "Herd is closed", http.StatusServiceUnavailable
	case before == after:
		reply.Msg = fmt.Sprintf("Herd size already %d", after)
	}
	reply.write(w, code)
}

// readNum reads {"num": N} and nothing else.
func readNum(body io.Reader) (int, error) {
	// A map, since the fields of a struct match names in any case.
	var fields map[string]*int
	d := json.NewDecoder(body)
	if err := d.Decode(&fields); err != nil {
		return 0, err
	}
	switch _, err := d.Token(); err {
	case io.EOF:
	case nil:
		return 0, errors.New("more than one JSON value")
	default:
		return 0, err
	}
	num := fields["num"]
	if num == nil || len(fields) != 1 {
		return 0, errors.New(`want {"num": N} and nothing else`)
	}
	return *num, nil
}

type herdReply struct {
	Num int    `json:"num"`
	Msg string `json:"msg"`
}

func (h *Herd[Body, Result]) reply(w http.ResponseWriter, code int, msg string) {
	herdReply{Num: h.HerdSize(), Msg: msg}.write(w, code)
}

func (r herdReply) write(w http.ResponseWriter, code int) {
	b, _ := json.Marshal(r) //nolint:errchkjson // a number and a string cannot fail
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(code)
	_, _ = w.Write(b) // an error means that nobody is there to be told
}

// arrivedAtLoopback reports whether a request came in at a loopback address. It
// is false if the server does not say.
func arrivedAtLoopback(r *http.Request) bool {
	addr, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return isLoopback(addr)
}

func isLoopback(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// isLoopbackHost reports whether a Host header names the machine itself.
func isLoopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback()
}
