package remudajetstream_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/remuda-go/remuda"
)

// BenchmarkPool is one message through a pool whose job does nothing: the
// request, the delivery and the ack, with the server in the same process.
func BenchmarkPool(b *testing.B) {
	for _, workers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("%d workers", workers), func(b *testing.B) {
			n := newServer(b)
			for i := range b.N {
				_, err := n.js.PublishAsync(subject, fmt.Append(nil, i))
				if err != nil {
					b.Fatal(err)
				}
			}
			<-n.js.PublishAsyncComplete()
			consumer := n.consumer(jetstream.ConsumerConfig{})
			var ran atomic.Int64
			all := make(chan struct{})
			b.ReportAllocs()
			b.ResetTimer()
			start(b, consumer, remuda.Config{Initial: workers}, func(context.Context, int) error {
				if ran.Add(1) == int64(b.N) {
					close(all)
				}
				return nil
			})
			<-all
		})
	}
}
