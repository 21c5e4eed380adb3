// Package redislist makes tasks of the values of a Redis list.
//
// A value goes from the list to a list of our own, and from there into a hash, under the
// name that its task is to have. It leaves the hash when the task is stored. So nothing
// is lost or stored twice, wherever a process is killed, and several may read one list.
package redislist

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/remuda-go/remuda/tasks"
)

// Options are what a List is made of.
type Options struct {
	Addr, User, Password string
	DB                   int
	TLS                  bool
	List                 string
	Left                 bool // take from the left end
	Push                 func(ctx context.Context, name string, payload []byte) error
	Log                  *slog.Logger
}

// A List is one that is read.
type List struct {
	Options
	taken   string // a list: values that have no name yet
	claimed string // a hash: values by the names of their tasks
	failed  string // a list: values that can't be tasks
	client  *redis.Client
}

// New returns a list that is not read yet.
func New(o Options) *List {
	own := o.List + ":remuda:"
	return &List{Options: o, taken: own + "taken", claimed: own + "claimed", failed: own + "failed"}
}

const (
	blockTime = time.Second      // how long the server waits for a value; Run ends no later
	retryTime = time.Second      // after an error
	sweepTime = 30 * time.Second // how often it looks for what a process that was killed has claimed
)

// Run pushes values until ctx ends.
func (l *List) Run(ctx context.Context) {
	o := &redis.Options{Addr: l.Addr, Username: l.User, Password: l.Password, DB: l.DB}
	if l.TLS {
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	l.client = redis.NewClient(o)
	defer l.client.Close()
	var swept time.Time
	told := ""
	for ctx.Err() == nil {
		err := l.step(ctx, &swept)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && told != "":
			l.Log.Info("redis: the list is read again", "addr", l.Addr, "list", l.List)
			told = ""
		case err != nil && err.Error() != told:
			l.Log.Error("redis: values stay where they are, and are tried again", "addr", l.Addr, "list", l.List, "error", err)
			told = err.Error()
		}
		if err != nil {
			swept = time.Time{} // what is claimed comes first
			pause(ctx, retryTime)
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// step stores what was claimed and not stored, at times, and then one value.
func (l *List) step(ctx context.Context, swept *time.Time) error {
	if time.Since(*swept) > sweepTime {
		if err := l.sweep(ctx); err != nil {
			return err
		}
		*swept = time.Now()
	}
	from := "RIGHT"
	if l.Left {
		from = "LEFT"
	}
	err := l.client.BLMove(ctx, l.List, l.taken, from, "LEFT", blockTime).Err()
	if err != nil && !errors.Is(err, redis.Nil) {
		return fmt.Errorf("take: %w", err)
	}
	return l.claim(ctx)
}

// claiming gives the oldest value that was taken a name, in one step.
var claiming = redis.NewScript(`
local value = redis.call('RPOP', KEYS[1])
if value then redis.call('HSET', KEYS[2], ARGV[1], value) end
return value`)

// claim stores a value that was taken, by this process or by another.
func (l *List) claim(ctx context.Context) error {
	name := rand.Text()
	value, err := claiming.Run(ctx, l.client, []string{l.taken, l.claimed}, name).Text()
	if errors.Is(err, redis.Nil) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("claim: %w", err)
	}
	return l.store(ctx, name, value)
}

// sweep stores what was taken or claimed by a process that is no more. What another one
// is about to store does no harm: under its name, it is one task.
func (l *List) sweep(ctx context.Context) error {
	left, err := l.client.LLen(ctx, l.taken).Result()
	if err != nil {
		return fmt.Errorf("look: %w", err)
	}
	for range left {
		if err := l.claim(ctx); err != nil {
			return err
		}
	}
	claimed, err := l.client.HGetAll(ctx, l.claimed).Result()
	if err != nil {
		return fmt.Errorf("look: %w", err)
	}
	for name, value := range claimed {
		if err := l.store(ctx, name, value); err != nil {
			return err
		}
	}
	return nil
}

// store pushes a value, and then forgets it.
func (l *List) store(ctx context.Context, name, value string) error {
	err := l.Push(ctx, name, []byte(value))
	var duplicate *tasks.DuplicateError
	switch {
	case errors.Is(err, tasks.ErrTooLarge):
		l.Log.Error("redis: the value can't be a task", "list", l.List, "moved", l.failed, "error", err)
		_, err = l.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.LPush(ctx, l.failed, value)
			p.HDel(ctx, l.claimed, name)
			return nil
		})
		return err
	case err != nil && !errors.As(err, &duplicate): // a duplicate was stored before
		return fmt.Errorf("push: %w", err)
	}
	if err := l.client.HDel(ctx, l.claimed, name).Err(); err != nil {
		return fmt.Errorf("forget: %w", err)
	}
	return nil
}
