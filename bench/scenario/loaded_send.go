package scenario

import "time"

// Unbuffering is a contender that can do without a queue: it takes an input
// only when a worker is free.
type Unbuffering interface {
	Contender
	UnbufferedSender(workers int, job func(in int)) Sender
}

// loadedWorkers is how many producers and workers there are beside neighbours.
const loadedWorkers = 4

// LoadedSend is fire and forget in a process that does other work.
func LoadedSend(contenders []Contender, spin Spin) Scenario {
	pairs := eightPairs(spin)
	work := func(int) { spin.For(loadedJob) }
	queue := loadedCase("queue of 16")
	for _, c := range contenders {
		if start := queueOf16(c); start != nil {
			queue.Entries = append(queue.Entries, Entry{Contender: c, Run: func(ops int) ([]Sample, error) {
				return inMicros(fire(pairs, start, loadedWorkers, loadedWorkers, ops, work))
			}})
		}
	}
	unbuffered := loadedCase("unbuffered")
	unbuffered.Floor = "unbuffered"
	unbuffered.Entries = enter(contenders, func(c Unbuffering, ops int) ([]Sample, error) {
		return inMicros(fire(pairs, c.UnbufferedSender, loadedWorkers, loadedWorkers, ops, work))
	})
	return Scenario{
		Name:  "loaded-send",
		Title: "Fire and forget in a process that works",
		About: "4 producers, 4 workers and a job of 5 µs beside " + pairs.name + " (see above). `queue of 16`: contenders whose queue has a bound have one of 16, the others are as they are. " +
			"`unbuffered`: those that can take an input only when a worker is free.",
		Cases: []Case{queue, unbuffered},
	}
}

// queueOf16 returns how to start a contender with a queue of 16, if it has one
// whose bound can be chosen.
func queueOf16(c Contender) func(workers int, job func(in int)) Sender {
	switch c := c.(type) {
	case Queueing:
		return func(workers int, job func(in int)) Sender { return c.QueueSender(workers, 16, job) }
	case Sending:
		return c.Sender
	}
	return nil
}

// LoadedHerd is a herd in a process that does other work.
func LoadedHerd(contenders []Contender, spin Spin) Scenario {
	pairs := eightPairs(spin)
	c := loadedCase("a unit of work")
	c.Entries = loadedMappers(contenders, pairs, spin, herderOf, inAnyOrder)
	return Scenario{
		Name:  "loaded-herd",
		Title: "Herd in a process that works",
		About: "As in the scenario Herd, with 4 gophers and a job of 5 µs beside " + pairs.name + ".",
		Cases: []Case{c},
	}
}

// LoadedMap is Map in a process that does other work.
func LoadedMap(contenders []Contender, spin Spin) Scenario {
	pairs := eightPairs(spin)
	c := loadedCase("an input")
	c.Floor = "pipeline"
	c.Entries = loadedMappers(contenders, pairs, spin, mapperOf, inOrder)
	return Scenario{
		Name:  "loaded-map",
		Title: "Map in a process that works",
		About: "As in the scenario Map, with 4 workers and a job of 5 µs beside " + pairs.name + ".",
		Cases: []Case{c},
	}
}

func loadedCase(name string) Case {
	return Case{
		Cells:    []Cell{{Name: name, Unit: "µs/op", Charted: true, Guarded: true}},
		Floor:    "channel",
		Ops:      6_000,
		QuickOps: 6_000,
	}
}

func loadedMappers(contenders []Contender, n neighbours, spin Spin, find func(Contender) mapper, newCheck func(inputs int) check) []Entry {
	job := func(in int) int { spin.For(loadedJob); return in + 1 }
	return enterMappers(contenders, find, func(m mapper, ops int) ([]Sample, error) {
		return inMicros(stream(n, m, loadedWorkers, ops, job, newCheck(ops)))
	})
}

// inMicros makes nanoseconds microseconds.
func inMicros(samples []Sample, err error) ([]Sample, error) {
	for i := range samples {
		samples[i].Value /= float64(time.Microsecond)
	}
	return samples, err
}
