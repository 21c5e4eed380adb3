package remudaprom_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	remudaprom "github.com/remuda-go/remuda/prometheus"
)

func TestKinds(t *testing.T) {
	reg := prometheus.NewRegistry()
	var broken error
	_, err := remudaprom.RegisterKinds(reg, func(ctx context.Context) ([]remudaprom.Kind, error) {
		_, bounded := ctx.Deadline()
		require.True(t, bounded)
		return []remudaprom.Kind{
			{Kind: "charge", Waiting: 3, Running: 2, Scheduled: 1, Dead: 4, Oldest: 1500 * time.Millisecond, Handled: true},
			{Kind: "mail"},
		}, broken
	})
	require.NoError(t, err)
	requireMetrics(t, reg, `
# HELP remuda_tasks Tasks by state.
# TYPE remuda_tasks gauge
remuda_tasks{kind="charge",state="dead"} 4
remuda_tasks{kind="charge",state="running"} 2
remuda_tasks{kind="charge",state="scheduled"} 1
remuda_tasks{kind="charge",state="waiting"} 3
remuda_tasks{kind="mail",state="dead"} 0
remuda_tasks{kind="mail",state="running"} 0
remuda_tasks{kind="mail",state="scheduled"} 0
remuda_tasks{kind="mail",state="waiting"} 0
# HELP remuda_tasks_handled Whether a worker that is there handles the kind.
# TYPE remuda_tasks_handled gauge
remuda_tasks_handled{kind="charge"} 1
remuda_tasks_handled{kind="mail"} 0
# HELP remuda_tasks_oldest_seconds Since the oldest task that waits or runs was pushed.
# TYPE remuda_tasks_oldest_seconds gauge
remuda_tasks_oldest_seconds{kind="charge"} 1.5
remuda_tasks_oldest_seconds{kind="mail"} 0
`, "remuda_tasks", "remuda_tasks_handled", "remuda_tasks_oldest_seconds")

	broken = errors.New("the store is away")
	_, err = reg.Gather()
	require.ErrorContains(t, err, "the store is away")
	_, err = remudaprom.RegisterKinds(reg, nil)
	require.ErrorContains(t, err, "list is nil")
}
