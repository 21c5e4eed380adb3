package failsafe_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/failsafe-go/failsafe-go/adaptivelimiter"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/contrib/failsafe"
)

// Three failures in a row open the breaker. Until it has recovered, inputs fail
// at once and the service is left alone.
func ExampleMiddleware_circuitBreaker() {
	breaker := circuitbreaker.NewBuilder[any]().
		WithFailureThreshold(3).
		WithDelay(time.Minute).
		Build()
	pool := remuda.New[int, string](failsafe.Middleware(breaker))
	err := pool.Start(remuda.Func(func(_ context.Context, order int) (string, error) {
		return "", errors.New("payment service is down")
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.CloseWithTimeout(time.Second)

	for order := range 5 {
		_, err := pool.Do(context.Background(), order)
		fmt.Println(order, err)
	}
	// Output:
	// 0 payment service is down
	// 1 payment service is down
	// 2 payment service is down
	// 3 circuit breaker open
	// 4 circuit breaker open
}

// The limiter starts with two jobs at a time and would allow more as long as
// they do not take longer for it. What comes above its limit is refused.
func ExampleMiddleware_adaptiveLimiter() {
	limiter := adaptivelimiter.NewBuilder[any]().
		WithLimits(1, 100, 2).
		Build()
	pool := remuda.Must(remuda.NewWithConfig[int, string](remuda.Config{Initial: 10},
		failsafe.Middleware(limiter)))
	running, answer := make(chan int), make(chan struct{})
	err := pool.Start(remuda.Func(func(_ context.Context, order int) (string, error) {
		running <- order
		<-answer
		return "paid", nil
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.CloseWithTimeout(time.Second)

	ctx := context.Background()
	var tickets []*remuda.Ticket[string]
	for order := range 2 {
		ticket, _ := pool.Submit(ctx, order)
		tickets = append(tickets, ticket)
		<-running
	}
	_, err = pool.Do(ctx, 2)
	fmt.Println(2, err, errors.Is(err, adaptivelimiter.ErrExceeded))

	close(answer)
	for order, ticket := range tickets {
		receipt, err := ticket.Wait(ctx)
		fmt.Println(order, receipt, err)
	}
	// Output:
	// 2 limit exceeded true
	// 0 paid <nil>
	// 1 paid <nil>
}

// Policies compose: the breaker sees each try, and the retries end when it
// opens.
func ExampleMiddleware() {
	breaker := circuitbreaker.NewBuilder[any]().WithFailureThreshold(2).Build()
	retry := retrypolicy.NewBuilder[any]().
		AbortOnErrors(circuitbreaker.ErrOpen).
		AbortOnErrorTypes(&remuda.PanicError{}).
		WithMaxRetries(10).
		Build()
	pool := remuda.New[string, string](failsafe.Middleware(retry, breaker))
	err := pool.Start(remuda.Func(func(ctx context.Context, name string) (string, error) {
		info, _ := remuda.InfoFrom(ctx)
		fmt.Println(name, "attempt", info.Attempt)
		return "", errors.New("no answer")
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.CloseWithTimeout(time.Second)

	_, err = pool.Do(context.Background(), "fetch")
	fmt.Println(err)
	// Output:
	// fetch attempt 1
	// fetch attempt 2
	// circuit breaker open
}
