package serve

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/remuda-go/remuda/cmd/remuda/internal/config"
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/embedded"
)

// Open opens the store of a config, or the one at url if that is not empty.
func Open(ctx context.Context, cfg *config.Config, url string) (*tasks.Client, error) {
	return open(ctx, cfg, url, tasks.Connect)
}

// OpenToMigrate is Open that gives what kinds share the replicas of the config.
func OpenToMigrate(ctx context.Context, cfg *config.Config, url string) (*tasks.Client, error) {
	return open(ctx, cfg, url, tasks.ConnectToMigrate)
}

type connect func(ctx context.Context, url string, opts ...tasks.Option) (*tasks.Client, error)

func open(ctx context.Context, cfg *config.Config, url string, connect connect) (*tasks.Client, error) {
	if url == "" {
		url = strings.Join(cfg.NATS, ",")
	}
	if url != "" {
		return connect(ctx, url, tasks.Replicas(cfg.Replicas))
	}
	if cfg.Replicas > 0 {
		return nil, errors.New("the config has replicas, which need a NATS cluster: add nats to it, or --nats URL")
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
func Serves(cfg *config.Config) bool { return ServesAt(StoreOf(cfg)) }

// StoreOf is the directory of the store of a config that has one.
func StoreOf(cfg *config.Config) string { return cfg.Path(cfg.WithDefaults().Store.Dir) }

// ServesAt is Serves for the directory of a store.
func ServesAt(store string) bool {
	d := net.Dialer{Timeout: lockPatience} // of one that was stopped, or is busy beyond measure
	conn, err := d.Dial("unix", ControlSocket(store))
	if err != nil {
		return false
	}
	return conn.Close() == nil
}
