package disk

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Ordered reports whether the file system of the directory writes the content of a
// file before the rename that puts it in another's place, as ext4 does unless it is told
// not to. The server rewrites files in that way and, unless it syncs each write, without a
// sync in between: where the rename may come first, a power failure could take what was on
// disk long before.
//
// An ext4 without a journal submits the content first, and promises nothing about
// names after a power failure, no matter who syncs. It counts as ordered: syncing
// each write would not make it better.
func Ordered(dir string) bool {
	info, err := os.Stat(dir)
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	device, err := os.Readlink(fmt.Sprintf("/sys/dev/block/%d:%d", major(stat.Dev), minor(stat.Dev)))
	if err != nil {
		return false
	}
	options, err := os.ReadFile(filepath.Join("/proc/fs/ext4", filepath.Base(device), "options"))
	if err != nil {
		return false
	}
	set := strings.Fields(string(options))
	return slices.Contains(set, "auto_da_alloc") && slices.Contains(set, "barrier") && !slices.Contains(set, "data=writeback")
}

// major and minor are glibc's, which package syscall does not have.
func major(dev uint64) uint64 { return dev>>8&0xfff | dev>>32&^0xfff }
func minor(dev uint64) uint64 { return dev&0xff | dev>>12&^0xff }
