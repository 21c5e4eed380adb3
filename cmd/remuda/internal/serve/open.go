package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/remuda-go/remuda/cmd/remuda/internal/config"
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/embedded"
)

// Open opens the store of a config, or the one at url if that is not empty.
func Open(ctx context.Context, cfg *config.Config, url string) (*tasks.Client, error) {
	if url == "" {
		url = strings.Join(cfg.NATS, ",")
	}
	if url != "" {
		c, err := tasks.Connect(ctx, url)
		if err != nil {
			return nil, fmt.Errorf("connect to %s: %w", redacted(url), err)
		}
		return c, nil
	}
	store := cfg.WithDefaults().Store
	var opts []embedded.Option
	if store.Max > 0 {
		opts = append(opts, embedded.MaxStore(int64(store.Max)))
	}
	if store.Relaxed {
		opts = append(opts, embedded.RelaxedSync())
	}
	return embedded.Open(ctx, cfg.Path(store.Dir), opts...)
}

const (
	// lockPatience is how long the store may be in use by a command that is about to
	// end.
	lockPatience = 5 * time.Second
	lockPause    = 20 * time.Millisecond
)

// OpenSoon is Open that waits a while for another process to let go of the store.
// It asks giveUp before each further try.
func OpenSoon(ctx context.Context, cfg *config.Config, url string, giveUp func() bool) (*tasks.Client, error) {
	for begun := time.Now(); ; {
		c, err := Open(ctx, cfg, url)
		if !errors.Is(err, tasks.ErrLocked) || giveUp() || time.Since(begun) > lockPatience {
			return c, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lockPause):
		}
	}
}

// Serves reports whether some process has the store of the config open and listens to
// the other commands.
func Serves(cfg *config.Config) bool {
	conn, err := net.Dial("unix", ControlSocket(cfg.Path(cfg.WithDefaults().Store.Dir)))
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

// redacted leaves out what may be a password.
func redacted(url string) string {
	parts := strings.Split(url, ",")
	for i, p := range parts {
		scheme, rest, _ := strings.Cut(p, "://")
		if _, host, ok := strings.Cut(rest, "@"); ok {
			parts[i] = scheme + "://…@" + host
		}
	}
	return strings.Join(parts, ",")
}
