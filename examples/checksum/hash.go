package main

import (
	"context"
	"crypto/sha256"
	"hash"
	"io"
	"iter"
	"os"
	"sync/atomic"
	"time"

	"github.com/remuda-go/remuda"
)

// A file is to be hashed.
type file struct {
	path string
	want [sha256.Size]byte // the checksum it should have, when a list is verified
	err  error             // why there is nothing to hash
}

// hashed is what has become of a file.
type hashed struct {
	file
	sum [sha256.Size]byte
}

// counts is how far the program has come.
type counts struct {
	found, done, bytes atomic.Int64
}

// countFound counts the files that are taken out of the sequence.
func (n *counts) countFound(files iter.Seq[file]) iter.Seq[file] {
	return func(yield func(file) bool) {
		for f := range files {
			n.found.Add(1)
			if !yield(f) {
				return
			}
		}
	}
}

// newPool starts a pool in which each worker has a hash and a buffer of its own.
// At least one worker stays, so that the key - cannot bring it to a halt.
func newPool(o options, n *counts) (*remuda.Pool[file, hashed], error) {
	pool, err := remuda.NewWithConfig[file, hashed](remuda.Config{Name: "checksum", Min: 1, Initial: o.workers})
	if err != nil {
		return nil, err
	}
	return pool, pool.StartWithBuilder(remuda.JobBuilderFunc[file, hashed](func() remuda.Job[file, hashed] {
		return &hasher{hash: sha256.New(), buf: make([]byte, 128<<10), slow: o.slow, counts: n}
	}))
}

// A hasher is the job of one worker. It uses its hash and its buffer for one
// file after the other.
type hasher struct {
	hash   hash.Hash
	buf    []byte
	slow   time.Duration
	counts *counts
}

// Do hashes a file. It returns the file in any case.
func (h *hasher) Do(ctx context.Context, f file) (hashed, error) {
	out := hashed{file: f}
	if f.err != nil {
		return out, f.err
	}
	r, err := os.Open(f.path)
	if err != nil {
		return out, err
	}
	defer r.Close()
	h.hash.Reset()
	if _, err := io.CopyBuffer(h.hash, &reader{ctx, r, &h.counts.bytes}, h.buf); err != nil {
		return out, err
	}
	h.hash.Sum(out.sum[:0])
	return out, sleep(ctx, h.slow)
}

// sleep returns early, with an error, when ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return nil
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A reader stops when its context ends, and counts what it has read.
type reader struct {
	ctx   context.Context
	r     io.Reader
	bytes *atomic.Int64
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.r.Read(p)
	r.bytes.Add(int64(n))
	return n, err
}
