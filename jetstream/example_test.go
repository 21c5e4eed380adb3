package remudajetstream_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/remuda-go/remuda"
	remudajetstream "github.com/remuda-go/remuda/jetstream"
	"github.com/remuda-go/remuda/middleware"
)

type Order struct {
	ID    string
	Cents int
}

type Receipt struct{ Order string }

func charge(_ context.Context, o Order) (Receipt, error) {
	if o.Cents < 0 {
		return Receipt{}, middleware.Permanent(fmt.Errorf("order %s: negative amount", o.ID))
	}
	return Receipt{o.ID}, nil
}

// A job that runs from a stream. The message ID keeps an order that is published
// twice from being charged twice.
func Example() {
	ctx := context.Background()
	js, stop := exampleServer()
	defer stop()

	for _, order := range []Order{{"a", 100}, {"b", -5}, {"a", 100}, {"c", 300}} {
		data, _ := json.Marshal(order)
		if _, err := js.Publish(ctx, "orders.new", data, jetstream.WithMsgID(order.ID)); err != nil {
			fmt.Println(err)
		}
	}

	consumer, err := js.CreateOrUpdateConsumer(ctx, "ORDERS", jetstream.ConsumerConfig{Durable: "charge", MaxDeliver: 10})
	if err != nil {
		fmt.Println(err)
		return
	}
	pool, err := remudajetstream.New[Receipt](consumer, remuda.Config{Name: "charge"}, middleware.Retry(2))
	if err != nil {
		fmt.Println(err)
		return
	}
	var orders sync.WaitGroup
	orders.Add(3)
	show := func(_ context.Context, o Order, r Receipt, err error) {
		fmt.Println(o, r, err)
		orders.Done()
	}
	if err := pool.Start(remudajetstream.JSON(remuda.Tap(remuda.Func(charge), show))); err != nil {
		fmt.Println(err)
		return
	}
	orders.Wait() // a service would wait for its end instead
	fmt.Println(pool.CloseWithTimeout(10*time.Second), pool.Stats().Succeeded, pool.Stats().Failed)
	// Output:
	// {a 100} {a} <nil>
	// {b -5} {} order b: negative amount
	// {c 300} {c} <nil>
	// <nil> 2 1
}

// Data that is not JSON.
func ExampleDecode() {
	js, stop := exampleServer()
	defer stop()
	ctx := context.Background()
	_, _ = js.Publish(ctx, "orders.new", []byte("d 400"))
	consumer, err := js.CreateOrUpdateConsumer(ctx, "ORDERS", jetstream.ConsumerConfig{Durable: "charge"})
	if err != nil {
		fmt.Println(err)
		return
	}

	decode := func(data []byte) (o Order, err error) {
		_, err = fmt.Sscanf(string(data), "%s %d", &o.ID, &o.Cents)
		return o, err
	}
	done := make(chan struct{})
	job := remuda.NoOutput(func(_ context.Context, o Order) error {
		fmt.Println(o)
		close(done)
		return nil
	})

	pool := remuda.Must(remudajetstream.New[remuda.Void](consumer, remuda.Config{}))
	if err := pool.Start(remudajetstream.Decode(decode, job)); err != nil {
		fmt.Println(err)
		return
	}
	<-done
	fmt.Println(pool.CloseWithTimeout(10 * time.Second))
	// Output:
	// {d 400}
	// <nil>
}

// A job that looks at more of a message than its data, and decides by itself
// when it is to come again.
func ExampleMessageFrom() {
	js, stop := exampleServer()
	defer stop()
	ctx := context.Background()
	_, _ = js.Publish(ctx, "orders.express", []byte(`{"ID": "e", "Cents": 500}`))
	consumer, err := js.CreateOrUpdateConsumer(ctx, "ORDERS", jetstream.ConsumerConfig{Durable: "charge"})
	if err != nil {
		fmt.Println(err)
		return
	}

	done := make(chan struct{})
	job := remuda.NoOutput(func(ctx context.Context, o Order) error {
		msg, _ := remudajetstream.MessageFrom(ctx)
		info, _ := remuda.InfoFrom(ctx)
		fmt.Println(o.ID, "express:", strings.HasSuffix(msg.Subject(), ".express"), "delivery:", info.Attempt)
		if info.Attempt == 1 {
			return msg.NakWithDelay(10 * time.Millisecond)
		}
		close(done)
		return nil
	})

	pool := remuda.Must(remudajetstream.New[remuda.Void](consumer, remuda.Config{}))
	if err := pool.Start(remudajetstream.JSON(job)); err != nil {
		fmt.Println(err)
		return
	}
	<-done
	fmt.Println(pool.CloseWithTimeout(10 * time.Second))
	// Output:
	// e express: true delivery: 1
	// e express: true delivery: 2
	// <nil>
}

// exampleServer runs a server in this process and connects to it.
func exampleServer() (js jetstream.JetStream, stop func()) {
	check := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	dir, err := os.MkdirTemp("", "jetstream")
	check(err)
	srv, err := server.NewServer(&server.Options{JetStream: true, StoreDir: dir, DontListen: true, NoLog: true, NoSigs: true})
	check(err)
	srv.Start()
	if !srv.ReadyForConnections(10 * time.Second) {
		panic("server does not start")
	}
	conn, err := nats.Connect("", nats.InProcessServer(srv))
	check(err)
	js, err = jetstream.New(conn)
	check(err)
	_, err = js.CreateStream(context.Background(), jetstream.StreamConfig{Name: "ORDERS", Subjects: []string{"orders.>"}})
	check(err)
	return js, func() {
		conn.Close()
		srv.Shutdown()
		srv.WaitForShutdown()
		check(os.RemoveAll(dir))
	}
}
