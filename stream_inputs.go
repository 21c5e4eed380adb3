package remuda

import "github.com/remuda-go/remuda/internal/spsc"

// inputs is what a stream has read and no worker has taken: a queue that the reader
// writes, or the rest of a slice that needs no reader.
type inputs[In any] struct {
	queue spsc.Queue[In]
	slice []In
	taken int  // of the slice
	fixed bool // it is a slice
	slab  []In // memory for the inputs of small batches
}

// len needs the stream's mu.
func (u *inputs[In]) len() int {
	if u.fixed {
		return len(u.slice)
	}
	return u.queue.Len()
}

// pop takes n inputs, of which there must be as many, and returns them with the
// index of the first. It may use the memory of dst. It needs the stream's mu.
func (u *inputs[In]) pop(dst []In, n int) (in []In, first int) {
	if u.fixed {
		in, first = u.slice[:n:n], u.taken
		u.slice = u.slice[n:]
		u.taken += n
		return in, first
	}
	first = u.queue.Popped()
	if n > cap(dst) {
		dst = fromSlab(&u.slab, n)[:0]
	}
	return u.queue.Pop(dst, n), first
}
