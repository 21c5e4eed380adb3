package report

// notes are remarks on the results, by scenario: above all, why remuda loses
// where it does. They are written by hand; look at them after each new run.
var notes = map[string]string{
	"do": "By hand-off, remuda's Do can leave a job that ignores its context. For that it makes a ticket, which is the allocation, and waits for two things at " +
		"a time, which a plain receive does not; written by hand, that is `chan + fresh reply`. conc and errgroup keep no worker for it: they start a goroutine for each call, " +
		"which the runtime runs next on the same thread.",
	"map": "conc/iter and `chunks` take a slice and give back a slice, so that nothing is handed over but an index. remuda reads a sequence on one goroutine and hands outputs to " +
		"the loop while inputs still come; with a no-op job, that is all there is to measure.",
	"latency": "A producer that never blocks keeps its thread, and a worker that it wakes waits behind it until another thread comes: in remuda as with a channel, that takes the " +
		"system tens of microseconds, and a time slice now and then. workerpool's Submit hands over to a dispatcher, which makes the producer give way; ants, conc and errgroup wake " +
		"a goroutine for each input, which keeps the other thread awake. Both cost them what the tables above show. A Send that gives way by itself would be better than all of them here, " +
		"and wait for milliseconds beside jobs that take as long: see the changelog.",
	"resize": "`bound`: ants and pond take the new bound and no more; remuda also looks at once for workers that are one too many. `at work`: workers of remuda are started one by the other, " +
		"so that few inputs wake few of them, and each has its own job, middleware and context, which ants and pond do not have.",
	"start": "Unused pools of conc and errgroup are little more than an empty struct. An unused pool of remuda has made the context that ends its jobs.",
	"memory": "`channel` is what a parked goroutine takes up by itself. errgroup and pond keep none: a goroutine that finds nothing to do ends, and the next input pays for a new one. " +
		"What is left of theirs is what the runtime keeps of ended goroutines.",
}
