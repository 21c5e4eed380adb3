package loopback_test

import (
	"context"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/remuda-go/remuda/internal/loopback"
)

func TestHost(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LocalHost:80": true, "127.0.0.1": true, "127.9.9.9:5555": true, "[::1]": true, "[::1]:80": true,
		"[::ffff:127.0.0.1]:80": true, "": false, "localhost.evil.example": false, "evil.example:80": false, "10.0.0.1": false, "[::2]": false,
	} {
		assert.Equal(t, want, loopback.Host(host), host)
	}
}

func TestArrived(t *testing.T) {
	at := func(addr net.Addr) bool {
		r := (&http.Request{}).WithContext(context.WithValue(t.Context(), http.LocalAddrContextKey, addr))
		return loopback.Arrived(r)
	}
	assert.True(t, at(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}))
	assert.True(t, at(&net.TCPAddr{IP: net.IPv6loopback}))
	assert.False(t, at(&net.TCPAddr{IP: net.IPv4(10, 0, 0, 1)}))
	assert.False(t, at(&net.UnixAddr{Name: "x"}))
	assert.False(t, loopback.Arrived(&http.Request{}), "the server does not say")
}
