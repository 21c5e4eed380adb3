// Package contender holds an adapter for each pool that is measured, and for
// each floor: what one would write without a pool.
//
// An adapter is one short file. It implements Sending of package scenario, and
// the interfaces of whatever else its pool has; the other scenarios make do with
// Sending or leave it out. To add one, write its file and put it into All.
package contender

import "github.com/remuda-go/remuda/bench/scenario"

// All returns the contenders in the order of the tables.
func All() []scenario.Contender {
	return []scenario.Contender{
		newRemuda(),
		newAnts(),
		newAntsMulti(),
		newPond(),
		newConc(),
		newConcIter(),
		newConcStream(),
		newWorkerpool(),
		newErrgroup(),
		newGopool(),
		newGoPkgz(),
		newTunny(),
		newRill(),
		newChannel(),
		newChannelByKey(),
		newUnbuffered(),
		newFreshReply(),
		newSemaphore(),
		newWeighted(),
		newGoroutines(),
		newDirect(),
		newChunks(),
		newPipeline(),
		newLoop(),
		newSelectLoop(),
		newComposed(),
	}
}

func peer(name string) scenario.Identity {
	return scenario.Identity{Called: name, Is: scenario.Peer}
}

func floor(name string) scenario.Identity {
	return scenario.Identity{Called: name, Is: scenario.Floor}
}

// must panics if a contender refuses: a scenario that goes on would measure
// nothing.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
