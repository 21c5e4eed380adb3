package tasks

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/remuda-go/remuda/tasks/internal/setup"
	"golang.org/x/sync/semaphore"
)

// A Client pushes tasks and looks them up; a Worker needs one, too. One is enough
// for a process. It is safe for concurrent use.
type Client struct {
	nc        *nats.Conn
	js        jetstream.JetStream
	opts      setup.Options
	clustered bool         // there is more than one server: reads go to the leader
	offset    atomic.Int64 // nanoseconds of the server's clock ahead of ours (rule 7)

	sweeper *sweeper

	// upkeep is the error of the last round of this process's sweeper.
	upkeep atomic.Pointer[error]

	// used counts what was pushed, taken and asked for, so that a pace sees whether there
	// is work.
	used atomic.Uint64

	// alone is held whole by a suspect's run and in part by every other (rule 11).
	alone *semaphore.Weighted

	dead   *deadIndex
	inHand inHand

	status   chan nats.Status // tells of each connection that is made anew
	watching sync.WaitGroup

	mu      sync.Mutex // guards what follows; never held across a call of the server
	queues  map[string]*queue
	pullers map[*puller]struct{}
	closed  bool
}

// everybody is the weight of a run that must be alone.
const everybody = math.MaxInt32

// Connect returns a client of the JetStream at url, which may be several
// addresses with commas between them. It makes the streams that all kinds share
// if they do not exist. It returns an error if the server does not answer; later
// on, the client connects again by itself for as long as it takes.
func Connect(ctx context.Context, url string, opts ...Option) (*Client, error) {
	c := &Client{
		alone: semaphore.NewWeighted(everybody), dead: newDeadIndex(),
		inHand: inHand{carriers: make(map[carrierKey]*delivery)},
		queues: make(map[string]*queue), pullers: make(map[*puller]struct{}),
	}
	c.sweeper = c.newSweeper()
	for _, opt := range opts {
		opt(&c.opts)
	}
	if c.nc = c.opts.Conn; c.nc == nil {
		base := []nats.Option{
			nats.Name("remuda"), nats.MaxReconnects(-1), nats.ReconnectWait(250 * time.Millisecond),
			nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}), // the default one prints
		}
		var err error
		if c.nc, err = nats.Connect(url, append(base, c.opts.NATS...)...); err != nil {
			return nil, fmt.Errorf("remuda: connect to %s: %w", redacted(url), err)
		}
	}
	c.status = c.nc.StatusChanged(nats.CONNECTED)
	c.watching.Go(c.watchConnection)
	if err := c.begin(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// ConnectToMigrate is [Connect] for an operator's command: it gives the streams that all
// kinds share the number of [Replicas] that was chosen. [Kind.Migrate] does so for each
// kind. No other process changes what exists.
func ConnectToMigrate(ctx context.Context, url string, opts ...Option) (*Client, error) {
	return Connect(ctx, url, append(slices.Clip(opts), func(o *setup.Options) { o.Migrate = true })...)
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

func (c *Client) begin(ctx context.Context) error {
	c.clustered = c.nc.ConnectedClusterName() != ""
	js, err := jetstream.New(c.nc, jetstream.WithDefaultTimeout(answerTime))
	if err != nil {
		return fmt.Errorf("remuda: %w", err)
	}
	c.js = js
	if c.opts.OnOpen != nil {
		if err := c.opts.OnOpen(ctx); err != nil {
			return err
		}
	}
	if err := c.ensureShared(ctx); err != nil {
		return err
	}
	return c.measureClock(ctx)
}

// measureClock finds the offset of the server's clock (rule 7).
func (c *Client) measureClock(ctx context.Context) error {
	var info struct {
		Stamp time.Time `json:"ts"`
	}
	begun := time.Now()
	if err := c.api(ctx, "STREAM.INFO."+stateStream, struct{}{}, &info); err != nil {
		return fmt.Errorf("remuda: the server's time: %w", err)
	}
	took := time.Since(begun)
	offset := info.Stamp.Sub(begun.Add(took / 2))
	if offset.Abs() <= took { // no more than what the measurement can tell
		offset = 0
	}
	c.offset.Store(int64(offset))
	return nil
}

// now is the server's time.
func (c *Client) now() time.Time { return time.Now().Add(time.Duration(c.offset.Load())) }

// local is when our clock shows what the server's time at t is.
func (c *Client) local(t time.Time) time.Time { return t.Add(-time.Duration(c.offset.Load())) }

// Close ends the connection, and the server if it is embedded. Close workers
// first: what they run can't be recorded afterwards. A second Close does nothing.
func (c *Client) Close() error {
	c.mu.Lock()
	again := c.closed
	c.closed = true
	c.mu.Unlock()
	if again {
		return nil
	}
	_ = c.nc.FlushTimeout(time.Second) // acks that were just sent; without them tasks are only looked at again
	c.nc.RemoveStatusListener(c.status)
	c.watching.Wait()
	c.nc.Close()
	if c.opts.OnClose != nil {
		return c.opts.OnClose()
	}
	return nil
}

// watchConnection lets those that wait for tasks ask again once the client is
// connected anew.
func (c *Client) watchConnection() {
	for range c.status {
		c.mu.Lock()
		all := slices.Collect(maps.Keys(c.pullers))
		c.mu.Unlock()
		for _, p := range all {
			p.kick()
		}
	}
}

// sync returns nil when what the server has confirmed of a stream is on disk. What is
// promised to somebody comes after it, and the removal of what it takes the place of.
func (c *Client) sync(ctx context.Context, stream string) error {
	if c.opts.Disk == nil {
		return nil
	}
	return c.opts.Disk.Sync(ctx, stream)
}

// fault is where a test may end the process.
func (c *Client) fault(point string, id ID) {
	if c.opts.Fault != nil {
		c.opts.Fault(point, string(id))
	}
}
