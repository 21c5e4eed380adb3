package scenario

// Herding is a contender that takes units of work in and puts them out on a
// channel. One that is only Sending takes part by having its jobs send to one.
type Herding interface {
	Contender
	Herd(workers int, in []int, job func(in int) int, yield func(out int))
}

// Herd is from SendWork to OutputChan.
func Herd(contenders []Contender) Scenario {
	c := Case{
		Cells:    []Cell{{Name: "a unit of work", Unit: "ns/op", Charted: true}},
		Floor:    "channel",
		Ops:      300_000,
		QuickOps: 100_000,
	}
	for _, contender := range contenders {
		var m mapper
		switch contender := contender.(type) {
		case Herding:
			m = contender.Herd
		case Sending:
			m = intoChannel(contender)
		default:
			continue
		}
		c.Entries = append(c.Entries, Entry{Contender: contender, Run: func(ops int) ([]Sample, error) {
			return stream(m, ops, increment, inAnyOrder(ops))
		}})
	}
	return Scenario{
		Name:  "herd",
		Title: "Herd: from SendWork to OutputChan",
		About: "One goroutine sends units of work that are done at once, another reads them when they are finished; there is a gopher for each processor. " +
			"The others do the same with a channel that their jobs send to.",
		Cases: []Case{c},
	}
}
