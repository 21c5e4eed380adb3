package crash_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/remuda-go/remuda/tasks/embedded"
	"github.com/remuda-go/remuda/tasks/internal/setup"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A run that the journal can't note does not begin, so it is no interruption, and
// half a line of it does not spoil the next.
func TestTheJournalOnAFullDisk(t *testing.T) {
	dir := smallDisk(t, "8m")
	store := filepath.Join(dir, "store")
	var j setup.Journal
	c, err := embedded.Open(t.Context(), store, embedded.Client(func(o *setup.Options) { j = o.Journal }))
	require.NoError(t, err)
	defer func() { _ = c.Close() }() // its server is in trouble, too
	require.NoError(t, j.Begin("kind.held", 1))
	require.NoError(t, j.Begin("kind.ended", 1))
	filler, err := os.Create(filepath.Join(dir, "filler"))
	require.NoError(t, err)
	for err == nil {
		_, err = filler.Write(make([]byte, 4<<10))
	}
	require.NoError(t, filler.Close())
	before := 0
	for j.Begin("kind.refused", 2) == nil { // what is left of the last page
		before++
		require.Less(t, before, 10_000)
	}
	for range 3 {
		require.Error(t, j.Begin("kind.refused", 2))
	}
	assert.Equal(t, before, j.Interrupted("kind.refused", 2))
	require.Error(t, j.End("kind.ended"))

	require.NoError(t, os.Remove(filler.Name()))
	require.NoError(t, j.Begin("kind.next", 3))
	text, err := os.ReadFile(filepath.Join(store, "journal"))
	require.NoError(t, err)
	other := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(other, "journal"), text, 0o600))
	var next setup.Journal
	again, err := embedded.Open(t.Context(), other, embedded.Client(func(o *setup.Options) { next = o.Journal }))
	require.NoError(t, err)
	defer func() { require.NoError(t, again.Close()) }()
	for _, j := range []setup.Journal{j, next} {
		assert.Equal(t, before, j.Interrupted("kind.refused", 2))
		assert.Equal(t, 1, j.Interrupted("kind.held", 1), "its run goes on")
		assert.Zero(t, j.Interrupted("kind.ended", 1), "it has ended all the same")
		assert.Equal(t, 1, j.Interrupted("kind.next", 3))
	}
}
