package embedded

import (
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/internal/disk"
)

// An Option is a choice about a store, for [Open].
type Option func(*options)

type options struct {
	relaxed bool
	most    int64
	listen  string
	token   string // the file
	client  []tasks.Option
}

// RelaxedSync writes to disk every second instead of at each change. The end of the
// process loses nothing then; the end of the machine may lose the last second.
func RelaxedSync() Option { return func(o *options) { o.relaxed = true } }

// MaxStore bounds the bytes that are stored; without it, the bound is three quarters
// of what is free on the disk when the store is opened. Push returns ErrQueueFull
// when nine tenths of them are used up; the rest is kept for the ends of tasks that
// run, which are never refused. It does not bind programs that connect through
// Listen.
func MaxStore(bytes int64) Option { return func(o *options) { o.most = bytes } }

// pushable is how much of the store may be filled by pushes. The server's own bound
// is three quarters of what was free on the disk when it started.
func (o *options) pushable(disk int64) int64 {
	most := disk
	if o.most > 0 {
		most = min(most, o.most)
	}
	return most - most/10
}

// Listen lets other processes connect to the server at addr, host:port, with
// tasks.Connect. Each write is then synced by itself, where otherwise several tasks
// share a sync, which makes a difference if many are pushed at the same time. An
// address that is not a loopback address takes a [TokenFile]. What is sent is not
// encrypted.
func Listen(addr string) Option { return func(o *options) { o.listen = addr } }

// TokenFile makes the server of [Listen] ask for the token in the file, which
// clients give with tasks.Token. Blanks and newlines around it are ignored.
func TokenFile(path string) Option { return func(o *options) { o.token = path } }

// Client passes options on to the client.
func Client(opts ...tasks.Option) Option {
	return func(o *options) { o.client = append(o.client, opts...) }
}

// grouped: the server answers before what it has written is on disk, and the client
// syncs that, for many tasks at once. Other programs rely on the server's answer alone.
func (o *options) grouped(dir string, temp bool) bool {
	return !temp && !o.relaxed && o.listen == "" && disk.Ordered(dir)
}

func (o *options) server(dir string, temp bool) (*server.Options, error) {
	so := &server.Options{
		ServerName: "remuda", JetStream: true, StoreDir: dir, DontListen: true,
		NoLog: true, NoSigs: true,
	}
	switch {
	case temp: // nothing outlives the process anyway
	case o.relaxed, o.grouped(dir, temp):
		so.SyncInterval = time.Second
	default:
		so.SyncAlways = true
	}
	if o.listen == "" {
		return so, nil
	}
	if err := o.authorize(so); err != nil {
		return nil, err
	}
	// The server does not tell why it can't listen, but never gets ready.
	l, err := net.Listen("tcp", o.listen) //nolint:noctx // it does not wait
	if err != nil {
		return nil, fmt.Errorf("remuda: listen: %w", err)
	}
	addr := l.Addr().(*net.TCPAddr)
	so.DontListen, so.Host, so.Port = false, addr.IP.String(), addr.Port
	if err := l.Close(); err != nil {
		return nil, fmt.Errorf("remuda: listen: %w", err)
	}
	return so, nil
}

// authorize sets the server's token.
func (o *options) authorize(so *server.Options) error {
	if o.token == "" {
		host, _, err := net.SplitHostPort(o.listen)
		if ip := net.ParseIP(host); err == nil && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return fmt.Errorf("remuda: listen: %s is not a loopback address: it takes a TokenFile", o.listen)
		}
		return nil
	}
	text, err := os.ReadFile(o.token)
	if err != nil {
		return fmt.Errorf("remuda: token: %w", err)
	}
	if so.Authorization = strings.TrimSpace(string(text)); so.Authorization == "" {
		return fmt.Errorf("remuda: token: %s is empty", o.token)
	}
	return nil
}
