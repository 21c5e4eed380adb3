// Package tasks runs work that outlives the process: typed tasks that are stored
// until they have run, on NATS JetStream, which runs inside of this process
// (package embedded) or as a cluster elsewhere.
//
//	var Charge = tasks.Define[Order, Receipt]("charge", tasks.Attempts(5), tasks.Timeout(time.Minute))
//
//	client, err := embedded.Open(ctx, "var/remuda") // or tasks.Connect(ctx, "nats://a,nats://b")
//	defer client.Close()                            // after the worker
//
//	id, err := Charge.Push(ctx, client, order)      // err == nil: it is stored, and will run
//	receipt, err := Charge.Wait(ctx, client, id)    // or Charge.Result, which does not wait
//
//	worker := tasks.NewWorker(client)
//	_, err = Charge.Handle(worker, remuda.Func(charge), remuda.Config{Initial: 8}, middleware.Logger(log))
//	err = worker.Run(ctx)                           // until ctx ends: finishes what it has, and returns
//
// The job is the one that a [remuda.Pool] runs. A [Kind] is a value that pusher and
// worker share, so that both ends are typed.
//
// # The promise
//
// Every task whose Push returned nil runs at least once, or is listed as dead,
// cancelled or expired with the reason; nothing is discarded silently. Two runs of
// one task overlap only when a worker was out of reach for longer than its lease;
// then exactly one result is kept. Effects happen exactly once if the result is the
// effect, or the job writes under the task's ID with a unique constraint or
// idempotency key, or its effects are pushes with IDs derived from its own. A
// finished ID is remembered for [Keep]. Order: by acceptance per kind, retries
// excepted.
//
// What is confirmed is on disk, within the server's settings: in an embedded store
// always, unless RelaxedSync says otherwise; in a cluster according to its
// sync_interval. The nats-server issues 7545 and 7567 describe what a power failure
// of several servers can cost. A process that is paused for longer than Keep can run
// a finished task again.
//
// # Failures
//
// A job that returns an error, or panics, or takes longer than Timeout, is tried
// again after Backoff, until its Attempts are used up: then the task is dead. One
// that returns middleware.Permanent or [remuda.ErrInvalidInput] is dead immediately,
// and so is a task whose input does not decode or whose output is too large. Dead
// tasks stay, with the reason and the input, until [Client.Redrive] or
// [Client.Delete]; see [Client.Dead].
//
// # Tasks that end their process
//
// A task whose process ended during its run may have been the reason: its job may
// have called os.Exit or used up all memory. It is a suspect: it runs alone in its
// process until its end is recorded, and while it waits to be alone, no other run
// begins. A single interruption never makes a task dead, and an ordinary end clears
// them all. So a task that always ends its process is dead after it has been run as
// often as its Attempts allow (twice, if they are 1), and other tasks lose nothing,
// not even an attempt.
//
// # Shutdown
//
// First stop what pushes, as http.Server.Shutdown does, then close the worker, then
// the client. Worker.Close finishes the runs under way; when its context ends it
// gives back the rest, which costs no attempt.
package tasks
