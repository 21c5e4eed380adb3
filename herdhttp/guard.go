package herdhttp

import (
	"net/http"

	"github.com/remuda-go/remuda/internal/loopback"
)

// A guard lets through the requests that may be answered.
type guard struct {
	next       http.Handler
	atLoopback func(*http.Request) bool // whether it came in at a loopback address
	authorize  func(*http.Request) bool // nil for those at a loopback address only
	origins    *http.CrossOriginProtection
}

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	atLoopback := g.atLoopback(r)
	switch {
	case g.authorize == nil && !atLoopback:
		refuse(w, "Not a loopback address, and no authorizer is set")
	case atLoopback && !loopback.Host(r.Host):
		refuse(w, "Not a loopback host")
	case g.origins.Check(r) != nil:
		refuse(w, "Cross-origin request refused")
	case g.authorize != nil && !g.authorize(r):
		refuse(w, "Not authorized")
	default:
		g.next.ServeHTTP(w, r)
	}
}
