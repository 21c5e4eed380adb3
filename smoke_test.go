package remuda_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/remuda-go/remuda"
)

func TestSmoke(t *testing.T) {
	ctx := context.Background()
	cctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, q := range []int{remuda.Unbuffered, 1, 2, 3, 16, 0} {
		for _, n := range []int{1, 2, 7, 100} {
			p := remuda.Must(remuda.NewWithConfig[int, int](remuda.Config{Initial: n, Queue: q}))
			var ran atomic.Int64
			if err := p.Start(remuda.Func(func(ctx context.Context, i int) (int, error) {
				ran.Add(1)
				switch {
				case i%97 == 5:
					panic("x")
				case i%101 == 7:
					runtime.Goexit()
				}
				return i * 2, nil
			})); err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			for g := range 10 {
				wg.Go(func() {
					for i := range 500 {
						switch g % 3 {
						case 0:
							if err := p.Send(ctx, i); err != nil {
								t.Error(err)
							}
						case 1:
							done := make(chan bool)
							go func() {
								defer close(done)
								out, err := p.Do(cctx, i)
								if err == nil && out != 2*i {
									t.Error(out, err)
								}
							}()
							<-done
						case 2:
							tk, err := p.Submit(cctx, i)
							if err != nil {
								t.Error(err)
							}
							out, err := tk.Wait(ctx)
							if err == nil && out != 2*i {
								t.Error(out, err)
							}
							<-tk.Done()
						}
					}
				})
			}
			wg.Go(func() {
				i := 0
				for out, err := range p.Map(ctx, slices.Values(make([]int, 5000))) {
					if out != 0 || err != nil {
						t.Error(out, err)
					}
					i++
				}
				if i != 5000 {
					t.Error(i)
				}
			})
			wg.Go(func() {
				ins := make([]int, 3000)
				for i := range ins {
					ins[i] = i
				}
				outs, err := p.DoAll(ctx, ins)
				if !errors.Is(err, remuda.ErrGoexit) {
					t.Error(err)
				}
				for i, o := range outs {
					if o != 0 && o != 2*i {
						t.Error(i, o)
					}
				}
				n := 0
				for r := range p.Stream(ctx, slices.Values(ins)) {
					if r.Err == nil && r.Out != 2*r.In {
						t.Error(r)
					}
					if n++; n == 100 {
						break
					}
				}
			})
			wg.Go(func() {
				for range 200 {
					p.More()
					p.Less()
					p.Less()
					p.More()
					p.Resize(n)
				}
			})
			wg.Wait()
			if err := p.CloseWithTimeout(10 * time.Second); err != nil {
				t.Error(err, p.Stats())
			}
			s := p.Stats()
			if s.Queued != 0 || s.Running != 0 || s.Waiting != 0 || s.Accepted != s.Succeeded+s.Failed+s.Dropped {
				t.Errorf("%+v", s)
			}
		}
	}
}

func TestNested(t *testing.T) {
	p := remuda.New[int, int]()
	var running, most atomic.Int32
	p.Start(remuda.Func(func(ctx context.Context, n int) (int, error) {
		r := running.Add(1)
		for m := most.Load(); r > m && !most.CompareAndSwap(m, r); m = most.Load() {
		}
		defer running.Add(-1)
		if n < 2 {
			return n, nil
		}
		running.Add(-1)
		a, err := p.Do(ctx, n-1)
		running.Add(1)
		if err != nil {
			return 0, err
		}
		running.Add(-1)
		outs, err := p.DoAll(ctx, []int{n - 2})
		running.Add(1)
		return a + outs[0], err
	}))
	out, err := p.Do(context.Background(), 15)
	if out != 610 || err != nil {
		t.Error(out, err)
	}
	t.Log(most.Load(), p.Stats())
	if err := p.CloseWithTimeout(time.Second); err != nil {
		t.Error(err)
	}
}
