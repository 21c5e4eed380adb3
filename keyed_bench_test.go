package remuda_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/remuda-go/remuda"
)

func BenchmarkSendKeyed(b *testing.B) {
	for _, keys := range []int{1, 100, 1_000_000} {
		b.Run(fmt.Sprintf("keys=%d", keys), func(b *testing.B) {
			p, err := remuda.StartKeyed(2, func(in int) int { return in % keys }, func(_ context.Context, in int) (int, error) { return in, nil })
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			in := 0
			for b.Loop() {
				if err := p.Send(context.Background(), in); err != nil {
					b.Fatal(err)
				}
				in++
			}
			drain(b, p)
		})
	}
}
