package serve

import (
	"context"
	"fmt"
	"strings"

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
