package tasks

// A State is the state of a task.
type State string

// The states. A task is in the queue or in a schedule, is run, and ends in one of
// the last five.
const (
	Waiting   State = "waiting"   // in the queue, or given back to it
	Scheduled State = "scheduled" // not yet due
	Running   State = "running"
	Retrying  State = "retrying" // failed, and will run again
	Done      State = "done"
	Dead      State = "dead" // given up: see Client.Dead
	Cancelled State = "cancelled"
	Expired   State = "expired"
	Deleted   State = "deleted" // by Client.Delete; the ID is remembered for Keep
)

// Final reports whether a task in this state has ended.
func (s State) Final() bool {
	switch s {
	case Done, Dead, Cancelled, Expired, Deleted:
		return true
	}
	return false
}
