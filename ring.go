package remuda

// A ring is an unbounded FIFO of values in one buffer. The zero ring is empty.
type ring[T any] struct {
	buf  []T // its length is 0 or a power of two
	head int // index of the first value
	n    int
}

func (r *ring[T]) len() int { return r.n }

func (r *ring[T]) push(v T) {
	if r.n == len(r.buf) {
		buf := make([]T, max(2*r.n, 16))
		copy(buf[copy(buf, r.buf[r.head:]):], r.buf[:r.head])
		r.buf, r.head = buf, 0
	}
	r.buf[(r.head+r.n)&(len(r.buf)-1)] = v
	r.n++
}

// pop moves the first n values, of which there must be as many, to the end of
// dst.
func (r *ring[T]) pop(dst []T, n int) []T {
	end := min(r.head+n, len(r.buf))
	for _, part := range [][]T{r.buf[r.head:end], r.buf[:n-(end-r.head)]} {
		dst = append(dst, part...)
		clear(part)
	}
	r.head = (r.head + n) & (len(r.buf) - 1)
	r.n -= n
	return dst
}
