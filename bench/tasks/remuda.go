package main

import (
	"context"
	"errors"
	"net"
	"os"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/embedded"
)

type remudaSystem struct {
	client *tasks.Client
	conn   *nats.Conn // beside the client's: the depth of the queue is nothing that it tells cheaply
	js     jetstream.JetStream
	dir    string
	strict bool
}

var kind = tasks.Define[payload, payload]("bench")

// payload is what every system's task has, and, where there are results, returns.
type payload struct {
	N    int    `json:"n"`
	Text string `json:"text"`
}

var sample = payload{N: 7, Text: "the quick brown fox jumps over the lazy dog"}

func newRemuda(ctx context.Context, strict bool) (system, error) {
	dir, err := os.MkdirTemp("", "bench-remuda-")
	if err != nil {
		return nil, err
	}
	var opts []embedded.Option
	if !strict {
		opts = append(opts, embedded.RelaxedSync())
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	client, err := embedded.Open(ctx, dir, append(opts, embedded.Listen(addr))...)
	if err != nil {
		return nil, err
	}
	conn, err := nats.Connect("nats://" + addr)
	if err != nil {
		return nil, err
	}
	js, err := jetstream.New(conn)
	if err != nil {
		return nil, err
	}
	return &remudaSystem{client, conn, js, dir, strict}, nil
}

func (s *remudaSystem) durability(context.Context) (string, error) {
	if s.strict {
		return "embedded JetStream, sync_interval: always", nil
	}
	return "embedded JetStream, sync_interval: 1s", nil
}

func (s *remudaSystem) push(ctx context.Context) error {
	_, err := kind.Push(ctx, s.client, sample)
	return err
}

func (s *remudaSystem) pushMany(ctx context.Context, n int) error {
	ins := func(yield func(payload) bool) {
		for range n {
			if !yield(sample) {
				return
			}
		}
	}
	for _, err := range kind.PushAll(ctx, s.client, ins) {
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *remudaSystem) work(ctx context.Context, workers int) (func(), error) {
	w := tasks.NewWorker(s.client)
	job := remuda.Func(func(_ context.Context, p payload) (payload, error) { return p, nil })
	if _, err := kind.Handle(w, job, remuda.Config{Initial: workers}); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	return func() { _ = errors.Join(w.Close(ctx), <-ended) }, nil
}

func (s *remudaSystem) left(ctx context.Context) (int, error) {
	stream, err := s.js.Stream(ctx, "REMUDA_QUEUE_"+kind.Name())
	if err != nil {
		return 0, err
	}
	return int(stream.CachedInfo().State.Msgs), nil
}

func (s *remudaSystem) close() error {
	s.conn.Close()
	return errors.Join(s.client.Close(), os.RemoveAll(s.dir))
}

// freeAddr is an address that nobody listened at a moment ago.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
