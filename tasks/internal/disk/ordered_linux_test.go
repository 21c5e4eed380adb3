package disk_test

import (
	"syscall"
	"testing"

	"github.com/remuda-go/remuda/tasks/internal/disk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What is no ext4 is not known to be in order.
func TestOrdered(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"/proc", "/nowhere", ""} {
		assert.False(t, disk.Ordered(dir), dir)
	}
	const ext4 = 0xEF53
	var fs syscall.Statfs_t
	dir := t.TempDir()
	require.NoError(t, syscall.Statfs(dir, &fs))
	if fs.Type != ext4 {
		assert.False(t, disk.Ordered(dir))
	}
	t.Logf("%x: %v", fs.Type, disk.Ordered(dir))
}
