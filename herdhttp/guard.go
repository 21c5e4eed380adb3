package herdhttp

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
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
	case atLoopback && !isLoopbackHost(r.Host):
		refuse(w, "Not a loopback host")
	case g.origins.Check(r) != nil:
		refuse(w, "Cross-origin request refused")
	case g.authorize != nil && !g.authorize(r):
		refuse(w, "Not authorized")
	default:
		g.next.ServeHTTP(w, r)
	}
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
