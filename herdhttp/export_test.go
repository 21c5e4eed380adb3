package herdhttp

import "net"

// ServeListener is Serve at a listener, for tests that need a clock or a network
// of their own.
func ServeListener(herd Herd, l net.Listener, opts ...Option) (*Server, error) {
	c, err := newConfig(herd, opts)
	if err != nil {
		return nil, err
	}
	return c.serve(l), nil
}
