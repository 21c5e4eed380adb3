package parker_test

import (
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda/internal/parker"
)

func TestDisarmIsTrueOnceForEachArm(t *testing.T) {
	var p parker.Parker
	require.False(t, p.Disarm())
	p.Arm()
	require.True(t, p.Disarm())
	require.False(t, p.Disarm())
}

func TestParkEndsWithWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p parker.Parker
		parked := true
		p.Arm()
		go func() {
			p.Park()
			parked = false
		}()
		synctest.Wait()
		require.True(t, parked)
		require.True(t, p.Disarm())
		p.Wake()
		synctest.Wait()
		require.False(t, parked)
	})
}

// One goroutine waits for each of many changes by another, and misses none.
func TestNoWakeIsLost(t *testing.T) {
	const changes = 10_000
	var p parker.Parker
	var mu sync.Mutex
	made, seen := 0, 0
	go func() {
		for range changes {
			mu.Lock()
			made++
			wake := p.Disarm()
			mu.Unlock()
			if wake {
				p.Wake()
			}
		}
	}()
	for seen < changes {
		mu.Lock()
		for made == seen {
			p.Arm()
			mu.Unlock()
			p.Park()
			mu.Lock()
		}
		seen = made
		mu.Unlock()
	}
}
