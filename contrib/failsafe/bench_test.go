package failsafe_test

import (
	"context"
	"testing"

	upstream "github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/contrib/failsafe"
)

// BenchmarkMiddleware is a run of a job that does nothing, inside of policies
// that let it pass.
func BenchmarkMiddleware(b *testing.B) {
	breaker := circuitbreaker.NewWithDefaults[any]()
	for name, policies := range map[string][]upstream.Policy[any]{
		"0 policies": nil,
		"1 policy":   {breaker},
		"2 policies": {bulkhead.New[any](1), breaker},
		"3 policies": {retrypolicy.NewWithDefaults[any](), bulkhead.New[any](1), breaker},
	} {
		b.Run(name, func(b *testing.B) {
			job := remuda.Wrap(remuda.Func(func(ctx context.Context, in int) (int, error) { return in, nil }),
				failsafe.Middleware(policies...))
			ctx := b.Context()
			b.ReportAllocs()
			for b.Loop() {
				_, _ = job.Do(ctx, 1)
			}
		})
	}
}
