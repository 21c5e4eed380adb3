// Package loopback tells which requests can only come from this machine.
package loopback

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Arrived reports whether a request came in at a loopback address. It is false if
// the server does not say.
func Arrived(r *http.Request) bool {
	addr, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return Addr(addr)
}

// Addr reports whether addr is a loopback address.
func Addr(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// Host reports whether a Host header names the machine itself.
func Host(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback()
}
