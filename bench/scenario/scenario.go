// Package scenario holds what is measured: one scenario a file, each with the
// small interface by which it drives its contenders.
//
// Every figure is from submission to completion, and every scenario checks what
// came out, so that a contender which loses an input, or runs it twice, fails
// instead of winning.
package scenario

// A Scenario is one table of the results.
type Scenario struct {
	Name  string // for the command line and file names
	Title string
	About string // what is measured and how, in Markdown
	Cases []Case
}

// A Case is a number of contenders that are measured in turns.
type Case struct {
	Cells    []Cell // what one run measures
	Floor    string // the name of the floor that is what one writes by hand
	Ops      int    // operations in a run
	QuickOps int    // the same for a quick look
	Entries  []Entry
}

// A Cell is one figure.
type Cell struct {
	Name    string
	Unit    string
	Charted bool // it is in the scenario's chart
	Guarded bool // the guard against collapse bounds it
}

// An Entry is a contender in a case.
type Entry struct {
	Contender Contender
	Alone     bool // its runs need a process of their own
	Run       func(ops int) ([]Sample, error)
}

// A Sample is what one run measured for one cell.
type Sample struct {
	Value  float64
	Allocs float64 // per operation; negative if that means nothing here
}

// figure is a sample of which only the value counts.
func figure(value float64) Sample { return Sample{Value: value, Allocs: -1} }

// All returns the scenarios in the order of the results.
func All(contenders []Contender) []Scenario {
	spin := Calibrate()
	return []Scenario{
		LoadedDo(contenders, spin),
		HTTP(contenders, spin),
		LoadedSend(contenders, spin),
		LoadedHerd(contenders, spin),
		LoadedMap(contenders, spin),
		Saturated(contenders, spin),
		MixedMap(contenders),
		MixedStream(contenders),
		Source(contenders, spin),
		Send("send-noop", contenders, spin, Load{Name: "no-op", Ops: 400_000, QuickOps: 200_000}),
		Send("send-1us", contenders, spin, Load{Name: "1 µs", Micros: 1, Ops: 80_000, QuickOps: 40_000}),
		Send("send-10us", contenders, spin, Load{Name: "10 µs", Micros: 10, Ops: 14_000, QuickOps: 8_000}),
		Queue(contenders),
		Keyed(contenders),
		Latency(contenders, spin),
		Sleep(contenders),
		Do(contenders),
		Submit(contenders),
		Map(contenders, spin),
		Stream(contenders, spin),
		DoAll(contenders),
		Loop(contenders),
		Herd(contenders),
		Resize(contenders),
		StartStop(contenders),
		Layer(contenders, spin),
		Memory(contenders),
		Drained(contenders),
	}
}

// enter makes an entry of each contender that implements T.
func enter[T Contender](contenders []Contender, run func(c T, ops int) ([]Sample, error)) (entries []Entry) {
	for _, c := range contenders {
		if t, ok := c.(T); ok {
			entries = append(entries, Entry{
				Contender: c,
				Run:       func(ops int) ([]Sample, error) { return run(t, ops) },
			})
		}
	}
	return entries
}

// alone marks entries that need a process of their own.
func alone(entries []Entry) []Entry {
	for i := range entries {
		entries[i].Alone = true
	}
	return entries
}
