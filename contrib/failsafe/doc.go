// Package failsafe runs the jobs of a remuda pool inside the policies of
// [failsafe-go]: retry policies, circuit breakers, bulkheads, rate limiters,
// adaptive limiters and throttlers, timeouts, fallbacks, and budgets.
//
//	breaker := circuitbreaker.NewBuilder[any]().
//		WithFailureThresholdRatio(5, 10).
//		WithDelay(30 * time.Second).
//		Build()
//	retry := retrypolicy.NewBuilder[any]().
//		AbortOnErrors(circuitbreaker.ErrOpen).
//		AbortOnErrorTypes(&remuda.PanicError{}).
//		WithBackoff(100*time.Millisecond, 5*time.Second).
//		Build()
//
//	pool := remuda.New[Order, Receipt](failsafe.Middleware(retry, breaker))
//
// It is a module of its own, so that remuda itself does not depend on failsafe-go.
// For retries, rates, timeouts and bounds alone, remuda's package middleware does
// the same at a fraction of the cost.
//
// # Which policies
//
//	RetryPolicy        runs the job again; raises Info.Attempt; see below for panics
//	Budget             given to a RetryPolicy with WithBudget
//	CircuitBreaker     keeps jobs from running while open
//	Bulkhead           bounds how many jobs run at a time, over all pools that share it
//	RateLimiter        spaces jobs out, or refuses those that come too fast
//	AdaptiveLimiter    bounds how many jobs run at a time by how long they take
//	AdaptiveThrottler  refuses a share of the jobs that grows with their failures
//	Timeout            cancels the job's context
//	Fallback           supplies another error, or none
//	HedgePolicy        refused, see [Middleware]
//	CachePolicy        refused, see [Middleware]
//
// A policy of your own must call the function that it is given on the goroutine that
// it was called on, and return only after that function has.
//
// # What to know
//
// A policy that waits, for a permit or between retries, holds its worker, and stops
// waiting when the job's context ends. To free the worker meanwhile, send the input
// again instead.
//
// A Timeout never abandons a job: it cancels the context and waits until the job
// has returned, however long that takes. The run then fails with
// timeout.ErrExceeded, whatever the job has returned.
//
// A RetryPolicy takes the end of the context for the outcome of a run that was
// cancelled while the job ran, even if the job has succeeded nevertheless.
//
// A panic in the job, or in a middleware further inside, is an error to the
// policies, a [*remuda.PanicError], which
// by default counts as a failure and is retried. AbortOnErrorTypes, as above,
// keeps a RetryPolicy from that.
//
// A job that ends its goroutine (runtime.Goexit, as testing.T.FailNow does) ends the
// run without failsafe-go noticing: nothing is retried, counted or reported to a
// listener. A Bulkhead gets its permit back nevertheless, as does a half-open
// CircuitBreaker, which sees a failure; an AdaptiveLimiter never does. Jobs that do
// so on purpose should not run inside of one.
//
// # Sizing a pool by an AdaptiveLimiter
//
// A limiter finds out how many jobs at a time work best. The pool can follow, so
// that inputs wait in its queue instead of being refused:
//
//	limiter := adaptivelimiter.NewBuilder[any]().
//		WithLimits(1, 64, 8).
//		WithMaxWaitTime(-1). // wait for a permit
//		OnLimitChanged(func(e adaptivelimiter.LimitChangedEvent) {
//			pool.Resize(int(e.NewLimit))
//		}).
//		Build()
//
// # Cost
//
// A run costs what failsafe-go takes: some 400 ns and 16 allocations with one
// policy, 100 to 150 ns and 2 or 3 allocations for each further one. The middleware adds
// no allocation of its own.
//
// [failsafe-go]: https://failsafe-go.dev
package failsafe
