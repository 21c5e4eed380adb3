package monitor

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"reflect"
	"strings"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/internal/loopback"
)

// A Pool is what the page needs of a pool. Every [*remuda.Pool] is one, whatever its type
// parameters; [Named] makes one of other things that have such numbers. Both methods must
// be safe for concurrent use.
type Pool interface {
	Name() string
	Stats() remuda.Stats
}

var _ Pool = (*remuda.Pool[int, int])(nil)

// Named returns a Pool with the name, whose numbers are those that stats returns:
// of a herd, of the workers of tasks. Times and failures are those of pools of that name
// which have the Monitor as middleware.
func Named(name string, stats func() remuda.Stats) Pool { return named{name, stats} }

type named struct {
	name  string
	stats func() remuda.Stats
}

func (n named) Name() string        { return n.name }
func (n named) Stats() remuda.Stats { return n.stats() }

// Handler returns the page of the pools, in that order, to be mounted below a path
// that ends in a slash, such as /debug/pools/. It answers GET: the page and its
// files; state, which has the same numbers as JSON; and live, which sends those once
// a second until the caller leaves or the server shuts down.
//
// Handler panics if a pool is nil, as [http.Handle] does with a handler that is nil.
func (m *Monitor) Handler(pools ...Pool) http.Handler {
	for i, p := range pools {
		if isNil(p) {
			panic(fmt.Sprintf("remuda: monitor: pool %d is nil", i+1))
		}
	}
	return &handler{monitor: m, pools: pools}
}

func isNil(p Pool) bool {
	if n, ok := p.(named); ok {
		return n.stats == nil
	}
	v := reflect.ValueOf(p)
	return !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil()
}

type handler struct {
	monitor *Monitor
	pools   []Pool
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	switch {
	case !h.monitor.lets(r):
		http.Error(w, "not allowed: see monitor.WithAuthorizer", http.StatusForbidden)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "the page changes nothing", http.StatusMethodNotAllowed)
	default:
		h.serve(w, r)
	}
}

// lets reports whether a request is answered.
func (m *Monitor) lets(r *http.Request) bool {
	at := loopback.Arrived(r)
	switch {
	case m.authorize == nil && !at, at && !loopback.Host(r.Host):
		return false
	}
	return m.authorize == nil || m.authorize(r)
}

func (h *handler) serve(w http.ResponseWriter, r *http.Request) {
	name := path.Base(r.URL.Path)
	if strings.HasSuffix(r.URL.Path, "/") {
		name = "index.html"
	}
	switch name {
	case "state":
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_ = json.NewEncoder(w).Encode((&window{monitor: h.monitor, pools: h.pools}).look()) //nolint:errchkjson // the caller has gone
	case "live":
		h.live(w, r)
	default:
		serveFile(w, r, name)
	}
}

// secure lets the page load what is its own, and nothing else.
func secure(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "+
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
}

//go:embed assets
var assets embed.FS

func serveFile(w http.ResponseWriter, r *http.Request, name string) {
	content, err := assets.ReadFile("assets/" + name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	sum := sha256.Sum256(content)
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
	w.Header().Set("Content-Type", map[string]string{
		".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
	}[path.Ext(name)])
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}
