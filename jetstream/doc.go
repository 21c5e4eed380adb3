// Package remudajetstream runs a remuda job on the messages of a [NATS JetStream]
// consumer, so that several processes share the work and it outlives each of
// them. Its import path ends in /jetstream; its name does not, so that it can
// stand beside the client's own package jetstream.
//
// The job stays as it is. Beside its pool in one process,
//
//	pool := remuda.New[Order, Receipt](middleware.Logger(log), middleware.Retry(2))
//	err := pool.Run(ctx, remuda.Func(charge))
//
// stands the one that takes its orders from a stream:
//
//	consumer, err := js.CreateOrUpdateConsumer(ctx, "ORDERS", jetstream.ConsumerConfig{
//		Durable:    "charge",
//		MaxDeliver: 10,
//	})
//	pool, err := remudajetstream.New[Receipt](consumer, remuda.Config{Initial: 8},
//		middleware.Logger(log), middleware.Retry(2))
//	err = pool.Run(ctx, remudajetstream.JSON(remuda.Func(charge)))
//
// It is fed by a source: More, Less, Resize, Stats and Close work as ever, and Do
// and Send return [remuda.ErrSourceFed]. Use js.Publish in place of Send, with
// jetstream.WithMsgID if it may be called twice for the same order.
//
// # What becomes of a message
//
//	success                              ack
//	error, panic, runtime.Goexit         nak: delivered again, after a delay
//	Close gave up and cancelled the run  nak: delivered again, immediately
//	a final error, or a panic with one   term: not delivered again
//	any but success, last delivery       nak: not delivered again, kept in the stream
//	the job has settled it itself        what it did stands
//
// An error is final if it is [middleware.ErrNotRetryable] (see
// [middleware.Permanent]) or [remuda.ErrInvalidInput], as for data that cannot be
// decoded, and the run was not cancelled. Final or not, it is the outcome of the run
// for middleware and Stats. So is the error of an ack that could not be sent, after
// a run that succeeded. A message that was termed is not delivered again even if the
// stream keeps it, and a stream that is a work queue does not keep it: only an
// advisory of the server's tells of it then,
// $JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED. OnDead tells the program of such
// messages, and of failed last deliveries, in time to keep them.
//
// The delay is what the consumer's BackOff says for that delivery. Without one it is
// random between half a second and a second after the first delivery, and doubles
// with each further one up to a minute. How often is up to MaxDeliver, which has no
// bound by default: a message that fails each time is then tried forever.
//
// A job that wants something else for a message takes it from [MessageFrom], and
// calls its NakWithDelay, TermWithReason or DoubleAck.
//
// # At least once
//
// Every message is run at least once, and again if it is not known to have
// succeeded: the process died, the connection broke before the ack, Close gave up
// waiting for the run. A job should do no harm when it runs twice. The pool does not
// wait for the server's answer to an ack; if that matters, the job calls DoubleAck
// last.
//
// While a run lasts, the server is told so three times per AckWait (or entry of
// the BackOff that takes its place), so that AckWait need not be longer than the
// job, but only than a pause of the process that should go unnoticed. These
// settings are read when the pool is made.
//
// [remuda.Info] has as Attempt the number of the delivery, plus one for each time
// that middleware has run the job again.
//
// # Retries
//
// middleware.Retry runs the job again on the same worker; the message counts as
// delivered once. Redelivery gives the worker to other messages meanwhile, lasts
// across restarts, and may come to another process. Both can be used together: the
// pool's middleware is inside of the settling, and the message is settled by what
// comes out of it.
//
// # Order
//
// Messages are handed out in the order of the stream, but for those that are
// delivered again. With more than one worker, in one process or several, runs
// overlap. Only a consumer with a MaxAckPending of 1 runs all messages strictly
// one after the other.
//
// # Who cancels a run
//
// Nobody, for as long as Close waits. Less, Close and the end of Run's context stop
// the workers from taking messages immediately, and let them finish what they have:
// a message that was on its way to a worker still runs there. So a deploy gives
// nothing back that could be finished.
//
// Only a Close whose own context ends cancels the runs, with the cause
// [remuda.ErrPoolClosed], and returns a [remuda.CloseError]. A job that then returns
// with an error gives its message back, so another process gets it immediately; one
// that succeeds nevertheless has succeeded. A cancelled run counts as a delivery. A
// message that arrives only then is given back unseen, unless this is its last
// delivery: then its run begins, with a context that has ended, so that OnDead hears
// of it. A job made by JSON or Decode is not entered with that.
//
// For an orderly end, close the pool with the time that the process has, wait for
// Done a moment if Close gave up, since what is cancelled is given back when its job
// returns, and then drain the connection: that sends the last acks.
//
// # When the pool ends by itself
//
// Reconnects, restarts of the server and changes of the leader are waited out.
// The pool ends, and Run and Err return the reason, when the consumer or its
// stream is deleted or the connection is closed for good. That a consumer was
// deleted while no worker waited for a message is noticed after 10 seconds.
//
// # Limits of the consumer
//
// A worker asks for a message when it has nothing to do, and for one only: none
// waits for a worker that is busy. All processes together run at most
// MaxAckPending messages (1000 by default) and have at most MaxWaiting idle
// workers (512); more of them look for a place every 10 seconds. Consumers with
// priority groups are not supported.
//
// # Cost
//
// A message takes a worker one round trip to the server beside its run. On two
// cores of an x86-64 VM that do the server's work as well, that is 30 to 50 µs and
// 100 allocations, nearly all of them the client's. Where round trips take longer
// than jobs, have more workers, or put more into a message.
//
// A worker that waits costs a request each 30 seconds and a heartbeat of the
// server's each 5 seconds.
//
// [NATS JetStream]: https://docs.nats.io/nats-concepts/jetstream
package remudajetstream
