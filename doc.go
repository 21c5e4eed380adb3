// Package remuda is a typed, in-process job pool.
//
// A [Pool] runs a [Job], a function from an input to an output, on a number of
// workers that can be changed while it runs. [Middleware] wraps each run: see
// package middleware for a counter, retries, metrics and more.
//
//	pool, err := remuda.Start(8, charge, middleware.Logger(log), middleware.Retry(3)) // 8 workers
//	if err != nil {
//		return err
//	}
//
//	receipt, err := pool.Do(ctx, order)             // run it on a worker and wait
//	err = pool.Send(ctx, order)                     // hand it over; wait while the queue is full
//	ticket, err := pool.Submit(ctx, order)          // receipt, err := ticket.Wait(ctx)
//	for receipt, err := range pool.Map(ctx, orders) // a sequence in, a sequence out, in order
//	err = pool.Wait(ctx)                            // until all is done, and what jobs have added
//	err = pool.More()                               // one worker more; or Less, or Resize(8)
//	err = pool.CloseWithTimeout(10 * time.Second)   // runs what was accepted; an error if there was no time for all
//
// Here charge is a func(context.Context, Order) (Receipt, error). For one
// loop with no pool to keep there are [Map], [ForEach] and [DoAll].
//
// # Order
//
// Inputs are given to workers in the order in which they were accepted. Two that are
// given to two workers at the same time may begin in either order: the scheduler
// decides which goroutine comes first. Senders that wait for a place in the queue
// get one in the order in which they arrived, each as soon as a place is free.
// Nobody overtakes them: neither a newcomer whose Do could run on its own goroutine,
// nor one that arrives while a place becomes free. Only a run that waited for its
// own pool goes before all of them, as soon as it has what it waited for. With more
// than one worker, runs overlap and end in any order; [Pool.Map] and [Pool.DoAll]
// put the outcomes back into the order of the inputs. Map hands on each as soon as
// it and those before it are there, and [Pool.Stream] each as it comes.
//
// # Blocking
//
// Do and DoAll wait for the outcome, as the Wait of a ticket and of a group do, and
// Pool.Wait for that of all inputs. Send and Submit wait only while the queue is
// full, and TrySend and TrySubmit never do. All that wait return when their context
// ends (a group's Wait when the jobs of the group have returned, too), and an input
// that has not begun leaves the queue immediately. A run on the goroutine of Do
// returns when its job does, and a call from a job first gets its slot back. More,
// Less, Resize, Current and Stats never wait.
//
// # Who cancels a run
//
// Only its owner cancels a run. In a pool that is fed by its queue the owner is the
// caller: the run ends with the context given to Do, DoAll, Submit, Map or Stream. A
// run of an input from Send has no such owner; it has the values of the sender's
// context and nothing else of it. Less lets a run go on to its end, and so does
// Close while its own context lasts. To stop everything immediately, call Close with
// a context that has ended.
//
// In a pool that is fed by a [Source] the rule is the same: Less and Close stop
// taking inputs immediately, and the runs under way go on to their end. A run of a
// loop ([NewLoop], [Forever]) has no end of its own: there, Less and Close cancel
// it.
//
// The context of a run is derived from its owner's, so that it has its values and its
// deadline. If the input came, by Do, Submit or Send, with a context other than
// Background and TODO, it ends with the run. Other runs share theirs, which costs
// nothing: it ends with the loop over Map or Stream, the worker or the pool. Either way
// it is meant for the run alone. A job that starts something which outlives it passes on
// [context.WithoutCancel] of it; what it must not do is to ask [InfoFrom] for the run, or
// call the pool, with a context whose run has ended.
//
// # Profiles
//
// A run on a worker has the profiler's labels ([runtime/pprof]) of its own context,
// no matter what started the worker and what ran there before. An input that came
// with an empty context, and one from a Source, has none. Do on its caller's
// goroutine leaves the labels of that goroutine alone, as a direct call does. The
// workers of a loop start without labels, and keep what their job sets.
//
// # Calls from inside a job
//
// A job may call its own pool: Send, Do, DoAll, Map, Stream, the Wait of a ticket,
// More, Less, Resize and Close, but not Pool.Wait, which would wait for the job
// itself ([ErrNestedWait]). While it waits, it gives up its slot, which is its
// permission to run, to another run. So a pool full of such jobs does not deadlock,
// and the bound on the jobs that run still holds. The pool knows the job by the
// context: pass on the one that the job was given, or one derived from it. Close,
// called with it, does not wait for its caller. In a pool with keys ([StartKeyed]) the
// calls that would wait are refused.
//
// Only a call that waits for the run's own pool gives up the slot; a job that waits
// for a channel, the Done of a ticket among them, holds it. Calls between two pools
// should go one way: if the jobs of each wait for the other, runs that began in
// different pools can wait for each other forever.
//
// A job that waits holds its goroutine. The bound of the queue does not count
// such runs; Yielded in [Stats] does.
//
// Once the pool is closing, calls that hand over inputs return [ErrPoolClosed],
// from jobs too: an accepted run that still needs its own pool fails with it.
// Call [Pool.Wait] before Close, which waits for such runs.
//
// # Batches
//
// Where many inputs together cost little more than one, such as rows in a
// transaction or keys in a request, StartBatches makes a pool whose function takes a
// slice of them:
//
//	pool, err := remuda.StartBatches(2, 500, 100*time.Millisecond, insert) // 2 workers, up to 500 rows, 100 ms
//
// Callers see no batches: each hands over one input, in any of the ways above, and
// gets the outcome of that input. An [InputError] fails only the input that it
// names. With one worker, batches keep the order of all inputs.
//
// # Keys
//
// Where inputs of one kind must not run at the same time, such as requests to one
// host, or must keep their order, such as the events of one account, StartKeyed
// makes a pool that runs one at a time for each key, while other keys go on:
//
//	pool, err := remuda.StartKeyed(8, func(e Event) string { return e.Account }, apply)
//
// An input that waits for its key holds no worker, and a key that is slow, or sent
// all the time, delays no other. A job of such a pool may send to it but must not
// wait for it: [ErrNestedKey].
//
// # Jobs that add inputs
//
// A job that finds more inputs, as a crawler does, sends them to its own pool, with
// its own context. [Pool.Wait] returns at the first instant at which nothing is left:
//
//	crawl := func(ctx context.Context, url string) (remuda.Void, error) {
//		links, err := fetch(ctx, url)
//		for _, link := range unseen(links) {
//			pool.Send(ctx, link)
//		}
//		return remuda.Void{}, err
//	}
//
// Close does not wait for what jobs have yet to send, so call Wait before it. The
// example JobsThatAddInputs is a whole program. Use a Group to wait for some of a
// pool's inputs.
//
// There are two other ways. [Pool.Stream] yields the results of a growing set
// over a sequence that its own loop feeds, if the loop never waits to feed it.
// And a job may call DoAll for what it finds; it then waits for all below it,
// and what the pool's middleware times, bounds and retries is all of that.
//
// # Panics
//
// A job that panics fails with a [*PanicError], which has the job's own stack; each
// middleware sees it as an error. A panic in a middleware or a builder fails the run
// in the same way. A job that calls [runtime.Goexit], as testing.T.FailNow does,
// fails with [ErrGoexit]; if it was run by Do, Do ends the goroutine of its caller,
// as a direct call would have done. The pool never loses a worker.
//
// # Shutdown
//
// Whether an input is accepted is decided in one place: a Send that races with a
// Close either returns [ErrPoolClosed] or its input runs. Every accepted input has
// exactly one outcome: its job ran, or it was dropped with an error that somebody
// gets: the caller of Do, the ticket, the loop over Map, or the function given to
// Pool.OnDrop, which may be set at any time. An input is also dropped if a
// [Middleware] refuses it. See [Pool.Close], and [Pool.Stop], which drops the queue
// first.
//
// A Close whose context ends before all is done returns a [*CloseError], which says
// how many runs it has cancelled and how many inputs it has dropped, and which is
// the context's error to errors.Is. It leaves three kinds of inputs: those that
// never ran, which OnDrop and the tickets report; those that were cut off, whose
// error is with the ticket and with Tap, where the cause of the context is
// ErrPoolClosed; and those of jobs that ignore their context, which [Pool.Stats]
// counts in Running until they return.
//
// A deferred Close after an earlier one returns ErrPoolClosed, which can be
// ignored.
//
// # Tests
//
// In a [testing/synctest] bubble use a pool that was made there. One that is older
// than the bubble makes workers on need, and a worker that is first needed inside
// belongs to the bubble, which then never ends.
//
// # Cost
//
// A worker is made when it is first needed and its goroutine parks while it has
// nothing to do: ten thousand workers cost nothing until they are busy, and an idle
// pool uses no timer and no processor. Handing over an input allocates nothing if
// its context is context.Background(), and one object if it is not, or if a caller
// gets the outcome. The first layer of middleware costs 6 to 14 ns a run, each
// further one less, and none an allocation, beside what it does itself: see each.
// docs/performance.md has the measurements.
package remuda
