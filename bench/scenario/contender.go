package scenario

// A Contender takes part in every scenario whose interface it implements:
// Sending, Queueing, Doing, and so on, each in the file of its scenario.
type Contender interface {
	Name() string
	Kind() Kind
}

// Kind says what a contender is there for.
type Kind string

// What there is.
const (
	Subject Kind = "subject" // remuda
	Peer    Kind = "peer"    // a pool of its own right
	Floor   Kind = "floor"   // what the language offers with none
)

// Identity is the Name and the Kind of a contender, to be embedded.
type Identity struct {
	Called string
	Is     Kind
}

// Name returns the contender's name, as the tables show it.
func (i Identity) Name() string { return i.Called }

// Kind returns what the contender is there for.
func (i Identity) Kind() Kind { return i.Is }
