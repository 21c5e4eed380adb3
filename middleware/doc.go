// Package middleware has what services need around each run of a job: counts,
// times, logs, retries, pauses, timeouts and limits.
//
// Each is a [remuda.Middleware]. They chain without type arguments, the first
// outermost, around all the jobs of a pool or around one job:
//
//	var metrics middleware.Metrics
//	pool := remuda.New[Order, Receipt](&metrics, middleware.Retry(3), middleware.Timeout(time.Second))
//	job := remuda.Wrap(job, middleware.Rate(limiter))
//
// Order matters, and either order can be what is meant. A Timeout outside of
// Retry bounds all attempts together, one inside of it each attempt. A Counter
// outside of Retry counts inputs, one inside of it attempts. A Rate inside of
// Retry slows down retries too.
//
// Each type or function says which of its state belongs to one worker and which
// is shared by all workers of all the pools that use the value. Whatever is
// counted or taken is so, and given back, when a job panics or ends its
// goroutine, too.
package middleware
