package remuda

// A JobBuilder makes one [Job] for each worker of a pool.
//
// A run that waits for its own pool gives up its slot and keeps its job; the run
// that gets the slot has a worker, and so a job, of its own. There are then as many
// jobs as runs that have begun and not ended: more than Current, and more than Max.
//
// A built job is used by its worker only and never concurrently, so it may keep
// state without locks. It need not stay on one goroutine: see [Config.Inline].
//
// New is called once for a worker, before the first run on it and on whatever
// goroutine first needs it; a worker that is never needed builds nothing. New
// may be called concurrently for different workers. When New panics, the run
// that needed the job fails with a [*PanicError], and the next run on that
// worker calls New again; a nil job fails its run in the same way with
// [ErrNilJob].
//
// A built job that is an [io.Closer] is closed once, after its last run, when
// its worker ends. [Pool.Err] reports the first error that Close returned.
type JobBuilder[In, Out any] interface {
	New() Job[In, Out]
}

// JobBuilderFunc is a function that is a [JobBuilder].
type JobBuilderFunc[In, Out any] func() Job[In, Out]

// New calls f.
func (f JobBuilderFunc[In, Out]) New() Job[In, Out] {
	return f()
}
