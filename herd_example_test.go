package remuda_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/remuda-go/remuda"
)

func ExampleHerd() {
	herd := remuda.NewHerd(func(w *remuda.Work[int, int]) remuda.Status {
		w.SetResult(w.Body * w.Body)
		return remuda.Success
	})
	if err := herd.SetHerdSize(1); err != nil {
		fmt.Println(err)
	}
	go func() {
		for i := range 3 {
			// Waits if a few units are ahead of the gophers already.
			if err := herd.SendWork(remuda.Work[int, int]{ID: fmt.Sprintf("work %d", i), Body: i}); err != nil {
				fmt.Println(err)
			}
		}
		herd.CloseInputChan()
	}()
	if err := herd.Start(); err != nil {
		fmt.Println(err)
	}
	for work := range herd.OutputChan() {
		fmt.Printf("%s: %s, result %d\n", work.ID, work.Status(), work.Result())
	}
	// Output:
	// work 0: success, result 0
	// work 1: success, result 1
	// work 2: success, result 4
}

// Work that asks to be retried goes back to the end of the line, and fails in
// the end. A callback sees each step.
func ExampleHerd_SetMaxRetries() {
	herd := remuda.NewHerd(func(w *remuda.Work[string, remuda.Void]) remuda.Status {
		if w.Body == "flaky" && w.Retries() == 1 {
			return remuda.Success
		}
		return remuda.Retry
	})
	report := func(w *remuda.Work[string, remuda.Void]) {
		fmt.Printf("%s: %s, retries: %d\n", w.ID, w.Status(), w.Retries())
	}
	for _, err := range []error{
		herd.SetHerdSize(1),
		herd.SetMaxRetries(2),
		herd.AddRetryCallback(report),
		herd.AddSuccessCallback(report),
		herd.AddFailureCallback(report),
		herd.Start(),
		herd.SendWork(remuda.Work[string, remuda.Void]{ID: "1", Body: "flaky"}),
	} {
		if err != nil {
			fmt.Println(err)
		}
	}
	<-herd.OutputChan()
	if err := herd.SendWork(remuda.Work[string, remuda.Void]{ID: "2", Body: "broken"}); err != nil {
		fmt.Println(err)
	}
	<-herd.OutputChan()
	if err := herd.Close(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 1: retry, retries: 1
	// 1: success, retries: 1
	// 2: retry, retries: 1
	// 2: retry, retries: 2
	// 2: failure, retries: 2
}

// A reader that walks away stops the herd; Close with a context that ends does
// not wait for it to come back.
func ExampleHerd_Close() {
	herd := remuda.NewHerd(func(w *remuda.Work[int, int]) remuda.Status {
		<-w.Context().Done() // as a call would do that takes this context
		return remuda.Failure
	})
	for _, err := range []error{herd.SetHerdSize(1), herd.Start(), herd.SendWork(remuda.Work[int, int]{})} {
		if err != nil {
			fmt.Println(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	err := herd.Close(ctx)
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	fmt.Println((<-herd.OutputChan()).Status())
	// Output:
	// true
	// failure
}

// A process function may find more work: it sends it with its own context, so
// that another gopher may take over while it waits.
func ExampleHerd_SendWorkContext() {
	var herd *remuda.Herd[string, int]
	herd = remuda.NewHerd(func(w *remuda.Work[string, int]) remuda.Status {
		parts := strings.SplitN(w.Body, " ", 2)
		w.SetResult(len(parts[0]))
		if len(parts) == 1 {
			herd.CloseInputChan()
			return remuda.Success
		}
		if err := herd.SendWorkContext(w.Context(), remuda.Work[string, int]{Body: parts[1]}); err != nil {
			return remuda.Failure
		}
		return remuda.Success
	})
	for _, err := range []error{herd.SetHerdSize(1), herd.Start(), herd.SendWork(remuda.Work[string, int]{Body: "the quick brown fox"})} {
		if err != nil {
			fmt.Println(err)
		}
	}
	sum := 0
	for work := range herd.OutputChan() {
		sum += work.Result()
	}
	fmt.Println(sum)
	// Output: 16
}
