package remuda_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// An input that is accepted while a woken worker is on its way relies on that
// worker to wake the next one. It must, even when another worker has meanwhile
// taken one of the inputs that came after it.
func TestWokenWorkerSeesWhatChangedSides(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // in this order, as good as always
	for range 3 {
		bubble(t, "", func(t *testing.T) {
			met := make(chan struct{})
			const short, waits, meets = 0, 1, 2
			p := startPool(t, remuda.Config{Paused: true, Queue: 2}, func(_ context.Context, in int) (int, error) {
				switch in {
				case short:
					runtime.Gosched()
				case waits:
					<-met
				case meets:
					close(met)
				}
				return 0, nil
			})
			for _, in := range []int{short, waits, waits, meets} {
				go func() { assert.NoError(t, p.Send(bg, in)) }()
				synctest.Wait()
			}
			require.NoError(t, p.Resize(4))
			synctest.Wait()
			s := p.Stats()
			require.Zero(t, s.Queued, "an input waits while a worker is free: %+v", s)
		})
	}
}
