// Package middleware has what services need around each run of a job: counters,
// timers, logging, retries, pauses, timeouts and limits.
//
// Each is a [remuda.Middleware]. They chain without type arguments, the first
// outermost, around all the jobs of a pool or around one job:
//
//	var metrics middleware.Metrics
//	pool := remuda.New[Order, Receipt](&metrics, middleware.Retry(3), middleware.Timeout(time.Second))
//	limiter := rate.NewLimiter(100, 1) // golang.org/x/time/rate: 100 a second
//	job := remuda.Wrap(remuda.Func(charge), middleware.Rate(limiter))
//
// Order matters, and either order can be right. A Timeout outside of Retry bounds
// all attempts together, one inside of it each attempt. A Counter outside of Retry
// counts inputs, one inside of it attempts. A Rate inside of Retry slows down
// retries too, and a Timeout inside of Rate does not count the wait for it: with
// Retry, Rate, Timeout, in this order, each attempt takes a token and then has a
// deadline of its own.
//
// Rate, Limit and Wait refuse an input whose context ends while it waits for them.
// Its job has not run, so the pool counts it as dropped and not as failed, tells
// [remuda.Pool.OnDrop], and goes on under Config.StopOnErrors. A Counter, Elapsed or
// Metrics outside of it counts the input as dropped, too. Around a job alone
// ([remuda.Wrap]) a refusal is an error of the job, and outside of a pool the two
// can't be told apart.
//
// Any number of pools may share a value. Each type or function says which of its
// state belongs to one worker and which is shared by all workers of all the pools
// that use it. Counts stay right, and tokens and locks are given back, when a job
// panics or ends its goroutine, too.
package middleware
