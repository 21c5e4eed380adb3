package dispatch

// An Outcome says how an input ended.
type Outcome uint8

// The outcomes. None is what there is nothing to count of.
const (
	None Outcome = iota
	Succeeded
	Failed
	Panicked
	Dropped // its job was never entered
	Outcomes
)

// A Tally counts inputs by outcome.
type Tally [Outcomes]uint64

// Count adds one. Counting None, too, keeps a branch off the hot path.
func (t *Tally) Count(o Outcome) { t[o]++ }

// Add adds the counts of u.
func (t *Tally) Add(u *Tally) {
	for o, n := range u {
		t[o] += n
	}
}

// Ended returns the number of inputs that have ended.
func (t *Tally) Ended() uint64 { return t[Succeeded] + t[Failed] + t[Panicked] + t[Dropped] }
