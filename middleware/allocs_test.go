package middleware_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
)

// What a run allocates is what the documentation says.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	for _, l := range layers() {
		t.Run(l.name, func(t *testing.T) {
			require.Equal(t, l.allocs, testing.AllocsPerRun(200, chain(t, l.mw)))
		})
	}
}

// A pause costs nothing but its time: the timer is used again.
func TestFailuresDoNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	for name, mw := range map[string]remuda.Middleware{
		"wait":  middleware.Wait(time.Second),
		"retry": middleware.Retry(3, middleware.Backoff(time.Second, time.Second)),
		// Nor does a failure, where there is more to find out about it.
		"retry without a pause": middleware.Retry(3),
		"metrics":               new(middleware.Metrics),
		"elapsed":               new(middleware.Elapsed),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				run := mw.Wrap(func(context.Context) error { return errJob })
				want := 0.0
				if strings.HasPrefix(name, "retry") {
					want = 1 // the error that says after how many attempts
				}
				require.Equal(t, want, testing.AllocsPerRun(100, func() { _ = run(t.Context()) }))
			})
		})
	}
}
