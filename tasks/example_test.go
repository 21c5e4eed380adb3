package tasks_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/embedded"
)

type Order struct {
	ID    int
	Cents int
}

type Receipt struct{ Text string }

// Charge is what both the program that pushes and the one that works know.
var Charge = tasks.Define[Order, Receipt]("charge", tasks.Attempts(5), tasks.Timeout(time.Minute))

func charge(_ context.Context, o Order) (Receipt, error) {
	if o.Cents <= 0 {
		return Receipt{}, middleware.Permanent(errors.New("nothing to charge"))
	}
	return Receipt{Text: fmt.Sprintf("order %d: %d cents", o.ID, o.Cents)}, nil
}

func Example() {
	ctx := context.Background()
	client, err := embedded.Open(ctx, "") // a directory, or tasks.Connect for a cluster
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close() // after the worker

	worker := tasks.NewWorker(client)
	if _, err := Charge.Handle(worker, remuda.Func(charge), remuda.Config{Initial: 8}); err != nil {
		log.Fatal(err)
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error)
	go func() { ended <- worker.Run(running) }()

	id, err := Charge.Push(ctx, client, Order{ID: 7, Cents: 995}) // err == nil: it is stored, and will run
	if err != nil {
		log.Fatal(err)
	}
	receipt, err := Charge.Wait(ctx, client, id)
	fmt.Println(receipt.Text, err)

	stop() // finishes what it has
	fmt.Println(<-ended)
	// Output:
	// order 7: 995 cents <nil>
	// <nil>
}

// One order is one task, however often it is pushed.
func ExampleWithID() {
	ctx := context.Background()
	client, err := embedded.Open(ctx, "")
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	for range 2 {
		id, err := Charge.Push(ctx, client, Order{ID: 7, Cents: 995}, tasks.WithID("order-7"))
		fmt.Println(id, err)
	}
	kinds, err := client.Kinds(ctx)
	fmt.Println(kinds[0].Waiting, err)
	// Output:
	// charge.order-7 <nil>
	// charge.order-7 <nil>
	// 1 <nil>
}

// Dead tasks stay, with their input and the reason, until they are redriven or
// deleted.
func ExampleClient_Dead() {
	ctx := context.Background()
	client, err := embedded.Open(ctx, "")
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	worker := tasks.NewWorker(client)
	if _, err := Charge.Handle(worker, remuda.Func(charge), remuda.Config{}); err != nil {
		log.Fatal(err)
	}
	go worker.Run(ctx)
	defer worker.Close(ctx)

	id, err := Charge.Push(ctx, client, Order{ID: 8}, tasks.WithID("order-8"))
	if err != nil {
		log.Fatal(err)
	}
	_, err = Charge.Wait(ctx, client, id)
	var dead *tasks.TaskError
	fmt.Println(errors.As(err, &dead))
	for task, err := range client.Dead(ctx, tasks.Filter{Kind: "charge"}) {
		fmt.Println(task.ID, task.Reason, string(task.Payload), err)
		if err := client.Delete(ctx, task.ID); err != nil { // or client.Redrive
			log.Fatal(err)
		}
	}
	// Output:
	// true
	// charge.order-8 nothing to charge {"ID":8,"Cents":0} <nil>
}

// An input that is too early asks to be run later, which is no attempt.
func ExampleSnooze() {
	ready := false
	job := remuda.Func(func(ctx context.Context, _ int) (string, error) {
		run, _ := tasks.RunFrom(ctx)
		if !ready {
			ready = true
			return "", tasks.Snooze(time.Millisecond)
		}
		return fmt.Sprintf("attempt %d", run.Attempt), nil
	})

	ctx := context.Background()
	client, err := embedded.Open(ctx, "")
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	kind := tasks.Define[int, string]("report")
	worker := tasks.NewWorker(client)
	if _, err := kind.Handle(worker, job, remuda.Config{}); err != nil {
		log.Fatal(err)
	}
	go worker.Run(ctx)
	defer worker.Close(ctx)
	id, err := kind.Push(ctx, client, 1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(kind.Wait(ctx, client, id))
	// Output: attempt 1 <nil>
}
