package main

import (
	"context"
	"errors"
)

var errNone = errors.New("0 and 1 have no prime factors")

// factors returns the prime factors of n by trial division, which takes long if
// two of them are large. It gives up when its context ends.
func factors(ctx context.Context, n uint64) ([]uint64, error) {
	if n < 2 {
		return nil, errNone
	}
	var primes []uint64
	for p := uint64(2); p <= n/p; p++ {
		if p%(1<<20) == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		for n%p == 0 && n > p {
			primes = append(primes, p)
			n /= p
		}
	}
	return append(primes, n), nil
}
