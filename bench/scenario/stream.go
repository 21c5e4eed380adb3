package scenario

// Streaming is a contender that yields the outputs of a slice as they come. One
// that is only Sending takes part by having its jobs send to a channel.
type Streaming interface {
	Contender
	Stream(workers int, in []int, job func(in int) int, yield func(out int))
}

// Stream is many inputs with outputs in any order.
func Stream(contenders []Contender, spin Spin) Scenario {
	return Scenario{
		Name:  "stream",
		Title: "Stream: 400,000 inputs, outputs as they come",
		About: "As Map. Contenders without such a function have their jobs send to a channel with room for 1,024 outputs; `channel` is then the usual pipeline of two channels.",
		Cases: mapCases(contenders, spin, "channel", streamerOf, inAnyOrder),
	}
}

// streamerOf returns how a contender does Stream, or nil if it does not.
func streamerOf(c Contender) mapper {
	switch c := c.(type) {
	case Streaming:
		return c.Stream
	case Sending:
		return intoChannel(c)
	}
	return nil
}

// inAnyOrder expects each of 1 to inputs once.
func inAnyOrder(inputs int) check {
	seen := newLedger(inputs)
	return check{out: func(out int) { seen.mark(out - 1) }, end: seen.check}
}

// intoChannel is Stream for a contender that runs functions and no more.
func intoChannel(c Sending) mapper {
	return func(workers int, in []int, job func(in int) int, yield func(out int)) {
		out := make(chan int, QueueSize)
		s := c.Sender(workers, func(i int) { out <- job(in[i]) })
		go func() {
			sendShare(s, 0, 1, len(in))
			s.Close()
			close(out)
		}()
		for v := range out {
			yield(v)
		}
	}
}
