package embedded_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/remuda-go/remuda/tasks/embedded"
	"github.com/remuda-go/remuda/tasks/internal/setup"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// journalOf opens the store until the end of the test, and returns its journal.
func journalOf(t *testing.T, dir string) (j setup.Journal) {
	t.Helper()
	c, err := embedded.Open(t.Context(), dir, embedded.Client(func(o *setup.Options) { j = o.Journal }))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return j
}

// The journal of a process that runs for long does not grow without end: it is
// written anew, with the runs that have no end yet, and without all others.
func TestTheJournalIsWrittenAnew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := journalOf(t, dir)
	require.NoError(t, j.Begin("kind.twice", 7))
	require.NoError(t, j.Begin("kind.twice", 7))
	require.NoError(t, j.Begin("kind.void", 8))
	require.NoError(t, j.Begin("kind.void", 9)) // the record was written meanwhile

	path := filepath.Join(dir, "journal")
	size := func() int64 {
		info, err := os.Stat(path)
		require.NoError(t, err)
		return info.Size()
	}
	const bound = 4 << 20
	id := "kind." + strings.Repeat("x", 10_000)
	shrunk := 0
	for before := size(); shrunk < 2; {
		require.NoError(t, j.Begin(id, 1))
		require.NoError(t, j.End(id))
		now := size()
		require.LessOrEqual(t, now, int64(bound+len(id)+100))
		if now < before {
			shrunk++
			assert.Less(t, now, int64(3*len(id)))
		}
		before = now
	}
	require.NoError(t, j.Begin("kind.after", 3)) // goes into the new file

	// What the next process finds if this one is killed now.
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	other := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(other, "journal"), text, 0o600))
	next := journalOf(t, other)
	for _, j := range []setup.Journal{j, next} {
		assert.Equal(t, 2, j.Interrupted("kind.twice", 7))
		assert.Zero(t, j.Interrupted("kind.twice", 8), "a record that was written since makes them void")
		assert.Zero(t, j.Interrupted("kind.void", 8))
		assert.Equal(t, 1, j.Interrupted("kind.void", 9))
		assert.Equal(t, 1, j.Interrupted("kind.after", 3))
		assert.Zero(t, j.Interrupted(id, 1))
	}
}
