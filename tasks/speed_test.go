package tasks_test

import (
	"os"
	"sync"
	"testing"
	"time"

	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/embedded"
)

func TestQuickSpeed(t *testing.T) {
	if os.Getenv("SPEED") == "" {
		t.Skip()
	}
	for _, relaxed := range []bool{false, true} {
		var opts []embedded.Option
		if relaxed {
			opts = append(opts, embedded.RelaxedSync())
		}
		c := open(t, t.TempDir(), opts...)
		k := tasks.Define[int, int]("double")
		n := 5000
		begun := time.Now()
		var wg sync.WaitGroup
		var last tasks.ID
		for p := range 16 {
			wg.Go(func() {
				for i := range n / 16 {
					id, err := k.Push(t.Context(), c, i)
					if err != nil {
						t.Error(err)
						return
					}
					if p == 0 {
						last = id
					}
				}
			})
		}
		wg.Wait()
		t.Logf("relaxed %v: push %.0f/s", relaxed, float64(n)/time.Since(begun).Seconds())
		w := tasks.NewWorker(c)
		begun = time.Now()
		handle(t, w, k, 8, double)
		run(t, w)
		for {
			ks, err := c.Kinds(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if ks[0].Waiting+ks[0].Running == 0 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Logf("relaxed %v: run %.0f/s", relaxed, float64(n)/time.Since(begun).Seconds())
		begun = time.Now()
		const m = 500
		for range m {
			id, _ := k.Push(t.Context(), c, 1)
			if _, err := k.Wait(t.Context(), c, id); err != nil {
				t.Fatal(err)
			}
		}
		t.Logf("relaxed %v: push-wait %.2f ms", relaxed, time.Since(begun).Seconds()*1000/m)
		_ = last
	}
}
