package remuda

import "sync/atomic"

// A ring is a FIFO between one writer, which needs no lock to push, and readers
// under a lock. The zero ring is empty and has no room.
type ring[T any] struct {
	buf  []T          // its length is 0 or a power of two; replaced by the writer under the lock
	head int          // values popped; guarded by the lock
	tail atomic.Int64 // values pushed; written by the writer
}

// pushed is the number of values that were ever pushed.
func (r *ring[T]) pushed() int { return int(r.tail.Load()) }

// len is the number of values in the ring. It needs the lock.
func (r *ring[T]) len() int { return r.pushed() - r.head }

// push appends a value. It is for the writer, which must have made room.
func (r *ring[T]) push(v T) {
	t := r.tail.Load()
	r.buf[int(t)&(len(r.buf)-1)] = v
	r.tail.Store(t + 1)
}

// makeRoom sees to room for some values, at least one and at most n, and
// returns how many. It is for the writer and needs the lock.
func (r *ring[T]) makeRoom(n int) int {
	if r.len() == len(r.buf) {
		buf := make([]T, max(2*len(r.buf), 16))
		for i := r.head; i < r.pushed(); i++ {
			buf[i&(len(buf)-1)] = r.buf[i&(len(r.buf)-1)]
		}
		r.buf = buf
	}
	return min(n, len(r.buf)-r.len())
}

// pop moves the first n values, of which there must be as many, to the end of
// dst. It needs the lock.
func (r *ring[T]) pop(dst []T, n int) []T {
	first := r.head & (len(r.buf) - 1)
	end := min(first+n, len(r.buf))
	dst = move(dst, r.buf[first:end])
	dst = move(dst, r.buf[:n-(end-first)])
	r.head += n
	return dst
}

func move[T any](dst, src []T) []T {
	dst = append(dst, src...)
	clear(src)
	return dst
}
