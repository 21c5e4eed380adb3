package remuda

import (
	"sync"
	"sync/atomic"
)

// OnDrop sets a function that is called for each input that nobody waits for and
// whose job never ran, with the reason: one that Send or TrySend handed over and
// Close dropped (ErrPoolClosed), and one that a Middleware refused by returning an
// error without calling the job; that one may have come from a Source, too.
//
// OnDrop may be called at any time; f replaces the previous function, for what is
// dropped from then on. A nil f removes it.
//
// Close calls f on its own goroutine, without locks: when Close returns, f has
// been called for all that it dropped. For what is refused, f may be called on
// several goroutines at a time, and the worker waits for it. Stats counts an
// input as dropped before f is called for it.
//
// An f that panics or ends its goroutine costs nobody else a call. After f was
// called for all inputs, the first panic goes on to the caller of Close, or ends its
// goroutine if f did; [Pool.Err] reports other panics.
//
// Inputs of Do, Submit, Map and the like do not come here, since their outcome
// tells. Nor do runs that Close cancelled: they end with an error.
func (p *Pool[In, Out]) OnDrop(f func(in In, err error)) { p.core.drops.set(f) }

// A dropHook is the user's function for inputs that nobody waits for and that are
// dropped.
type dropHook[In any] struct {
	f atomic.Pointer[func(In, error)]

	mu      sync.Mutex    // guards the rest
	telling int           // what drops inputs and has not told of all of them
	told    uint64        // how often that has come to its end
	quiet   chan struct{} // closed when telling is 0; nil unless somebody waits for that
}

// begin says that inputs are about to count as dropped. Until end, Wait does not
// return: the user's function may send others.
func (h *dropHook[In]) begin() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.telling++
}

func (h *dropHook[In]) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.told++
	if h.telling--; h.telling == 0 && h.quiet != nil {
		close(h.quiet)
		h.quiet = nil
	}
}

// busy returns how often somebody has told of inputs, and a channel that is closed
// when nobody does, or nil if nobody does now.
func (h *dropHook[In]) busy() (told uint64, quiet <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.telling > 0 && h.quiet == nil {
		h.quiet = make(chan struct{})
	}
	return h.told, h.quiet
}

func (h *dropHook[In]) set(f func(In, error)) {
	if f == nil {
		h.f.Store(nil)
	} else {
		h.f.Store(&f)
	}
}

// tell calls the function for inputs that were dropped. If it panics or ends the
// goroutine, that goes on once the others are told; what goes wrong with those is
// for note.
func (h *dropHook[In]) tell(ins []In, err error, note func(error)) {
	f := h.f.Load()
	if f == nil {
		return
	}
	told := 0
	defer func() { tellApart(*f, ins[told:], err, note) }()
	for _, in := range ins {
		told++
		(*f)(in, err)
	}
}

// tellRefused calls the function for an input that a middleware refused.
func (h *dropHook[In]) tellRefused(in In, err error, note func(error)) {
	if f := h.f.Load(); f != nil {
		tellApart(*f, []In{in}, err, note)
	}
}

// tellApart calls f for inputs on a goroutine of its own, and waits. It starts
// another one whenever f has brought one down.
func tellApart[In any](f func(In, error), ins []In, err error, note func(error)) {
	for len(ins) > 0 {
		calls := make(chan int)
		go tellSome(f, ins, err, note, calls)
		ins = ins[<-calls:]
	}
}

// tellSome calls f for inputs until one of the calls does not return, and sends
// how many it made.
func tellSome[In any](f func(In, error), ins []In, err error, note func(error), calls chan<- int) {
	told, broke := 0, ErrGoexit
	defer func() {
		if v := recover(); v != nil {
			broke = newPanicError(v)
		}
		note(broke)
		calls <- told
	}()
	for _, in := range ins {
		told++
		f(in, err)
	}
	broke = nil
}
