package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A floorSystem is the least that a queue on JetStream can do: a work queue and one
// record of each result. It has no retries, dead letters or marks; nothing keeps a task
// from running twice. It is no peer, but what the engine leaves to be used up.
type floorSystem struct {
	dir    string
	strict bool
	srv    *server.Server
	conn   *nats.Conn
	js     jetstream.JetStream

	pushed, ended atomic.Int64
}

func newFloor(ctx context.Context, strict bool) (system, error) {
	dir, err := os.MkdirTemp("", "bench-floor-")
	if err != nil {
		return nil, err
	}
	s := &floorSystem{dir: dir, strict: strict}
	return s, s.open(ctx, filepath.Join(dir, "store"))
}

func (s *floorSystem) open(ctx context.Context, dir string) error {
	opts := &server.Options{ServerName: "floor", JetStream: true, StoreDir: dir, DontListen: true, NoLog: true, NoSigs: true}
	if opts.SyncAlways = s.strict; !s.strict {
		opts.SyncInterval = time.Second
	}
	var err error
	if s.srv, err = server.NewServer(opts); err != nil {
		return err
	}
	s.srv.Start()
	if !s.srv.ReadyForConnections(10 * time.Second) {
		return errors.New("the server does not start")
	}
	if s.conn, err = nats.Connect("", nats.InProcessServer(s.srv)); err != nil {
		return err
	}
	if s.js, err = jetstream.New(s.conn); err != nil {
		return err
	}
	for _, cfg := range []jetstream.StreamConfig{
		{Name: "QUEUE", Subjects: []string{"queue"}, Retention: jetstream.WorkQueuePolicy, AllowAtomicPublish: true},
		{Name: "RESULTS", Subjects: []string{"result.*"}, MaxMsgsPerSubject: 1, AllowDirect: true},
	} {
		if _, err := s.js.CreateOrUpdateStream(ctx, cfg); err != nil {
			return err
		}
	}
	_, err = s.js.CreateOrUpdateConsumer(ctx, "QUEUE", jetstream.ConsumerConfig{
		Durable: "worker", AckPolicy: jetstream.AckExplicitPolicy, MaxAckPending: -1,
	})
	return err
}

func (s *floorSystem) durability(context.Context) (string, error) {
	cfg := s.srv.JetStreamConfig()
	if cfg == nil {
		return "", errors.New("the server does not tell")
	}
	if cfg.SyncAlways {
		return fmt.Sprintf("nats-server %s, sync_interval always: each write by itself", server.VERSION), nil
	}
	return fmt.Sprintf("nats-server %s, sync_interval %v", server.VERSION, cfg.SyncInterval), nil
}

// message is a task. Its name, under which its result is, is in a header.
func (s *floorSystem) message() (*nats.Msg, string, error) {
	body, err := json.Marshal(sample)
	msg := nats.NewMsg("queue")
	name := rand.Text()
	msg.Data = body
	msg.Header.Set("Name", name)
	return msg, name, err
}

func (s *floorSystem) push(ctx context.Context) error {
	msg, _, err := s.message()
	if err != nil {
		return err
	}
	_, err = s.js.PublishMsg(ctx, msg)
	s.pushed.Add(1)
	return err
}

// pushMany publishes atomic batches of a thousand.
func (s *floorSystem) pushMany(ctx context.Context, n int) error {
	for ; n > 0; n -= 1000 {
		batch := rand.Text()
		for i := range min(n, 1000) {
			msg, _, err := s.message()
			if err != nil {
				return err
			}
			msg.Header.Set("Nats-Batch-Id", batch)
			msg.Header.Set("Nats-Batch-Sequence", strconv.Itoa(i+1))
			if i < min(n, 1000)-1 {
				if err := s.conn.PublishMsg(msg); err != nil {
					return err
				}
				continue
			}
			msg.Header.Set("Nats-Batch-Commit", "1")
			answer, err := s.conn.RequestMsgWithContext(ctx, msg)
			if err != nil {
				return err
			}
			var ack struct {
				Error *jetstream.APIError `json:"error"`
			}
			if err := json.Unmarshal(answer.Data, &ack); err != nil {
				return err
			}
			if ack.Error != nil {
				return ack.Error
			}
		}
		s.pushed.Add(int64(min(n, 1000)))
	}
	return nil
}

func (s *floorSystem) work(ctx context.Context, workers int) (func(), error) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{}, workers)
	for range workers {
		go func() {
			s.worker(ctx)
			ended <- struct{}{}
		}()
	}
	return func() {
		cancel()
		for range workers {
			<-ended
		}
	}, nil
}

// worker runs one task at a time, until ctx ends.
func (s *floorSystem) worker(ctx context.Context) {
	inbox := s.conn.NewInbox()
	sub, err := s.conn.SubscribeSync(inbox)
	if err != nil {
		return
	}
	defer func() { _ = sub.Unsubscribe() }()
	for ctx.Err() == nil {
		if s.conn.PublishRequest("$JS.API.CONSUMER.MSG.NEXT.QUEUE.worker", inbox, []byte(`{"batch":1,"expires":1000000000}`)) != nil {
			return
		}
		msg, err := sub.NextMsg(2 * time.Second) // that no task came is an answer, too
		if err != nil || msg.Reply == "" {
			continue
		}
		var p payload
		if json.Unmarshal(msg.Data, &p) != nil {
			continue
		}
		out, err := json.Marshal(p)
		if err != nil {
			continue
		}
		if _, err := s.js.Publish(context.WithoutCancel(ctx), "result."+msg.Header.Get("Name"), out); err != nil {
			continue
		}
		if s.conn.Publish(msg.Reply, []byte("+ACK")) == nil {
			s.ended.Add(1)
		}
	}
}

func (s *floorSystem) left(context.Context) (int, error) {
	return int(s.pushed.Load() - s.ended.Load()), nil
}

func (s *floorSystem) roundTrip(ctx context.Context) error {
	msg, name, err := s.message()
	if err != nil {
		return err
	}
	results, err := s.conn.SubscribeSync("result." + name)
	if err != nil {
		return err
	}
	defer func() { _ = results.Unsubscribe() }()
	s.pushed.Add(1)
	if _, err := s.js.PublishMsg(ctx, msg); err != nil {
		return err
	}
	if _, err := results.NextMsgWithContext(ctx); err != nil {
		return err
	}
	for { // it was sent, and is stored in a moment
		answer, err := s.conn.RequestWithContext(ctx, "$JS.API.DIRECT.GET.RESULTS.result."+name, nil)
		if err != nil || answer.Header.Get("Status") == "" {
			return err
		}
	}
}

func (s *floorSystem) server() int { return os.Getpid() }

func (s *floorSystem) holder(context.Context) ([]string, error) {
	return []string{"floor", filepath.Join(s.dir, "held")}, nil
}

// holdFloor has a store of its own, as holdRemuda does.
func holdFloor(ctx context.Context, dir string, took func()) error {
	s := &floorSystem{strict: true}
	if err := s.open(ctx, dir); err != nil {
		return err
	}
	if _, err := s.js.Publish(ctx, "queue", nil, jetstream.WithMsgID("held")); err != nil {
		return err
	}
	consumer, err := s.js.Consumer(ctx, "QUEUE", "worker")
	if err != nil {
		return err
	}
	for {
		msgs, err := consumer.Fetch(1, jetstream.FetchMaxWait(time.Second))
		if err != nil {
			return err
		}
		for range msgs.Messages() {
			took()
		}
	}
}

func (s *floorSystem) close() error {
	s.conn.Close()
	s.srv.Shutdown()
	s.srv.WaitForShutdown()
	return os.RemoveAll(s.dir)
}
