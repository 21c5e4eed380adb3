package disk

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// Ordered reports whether the file system of the directory writes the content of a
// file before the rename that puts the file in another's place, as ext4 does unless it
// is told not to. The server rewrites files in that way and, unless it syncs each
// write, without a sync in between: where the rename may come first, a power failure
// could take what was on disk long before.
func Ordered(dir string) bool {
	info, err := os.Stat(dir)
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	mounts, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return false
	}
	defer mounts.Close()
	device := fmt.Sprintf("%d:%d", major(stat.Dev), minor(stat.Dev))
	for lines := bufio.NewScanner(mounts); lines.Scan(); {
		// "36 35 98:0 / /mnt rw,noatime shared:1 - ext4 /dev/sda rw,discard"
		mount, super, _ := strings.Cut(lines.Text(), " - ")
		if f := strings.Fields(mount); len(f) > 2 && f[2] == device {
			return orderedMount(super)
		}
	}
	return false
}

func orderedMount(super string) bool {
	f := strings.Fields(super)
	if len(f) < 3 || f[0] != "ext4" {
		return false
	}
	for _, option := range strings.Split(f[2], ",") {
		switch option {
		case "noauto_da_alloc", "auto_da_alloc=0", "data=writeback", "nobarrier", "barrier=0":
			return false
		}
	}
	return true
}

// major and minor are glibc's, which package syscall does not have.
func major(dev uint64) uint64 { return dev>>8&0xfff | dev>>32&^0xfff }
func minor(dev uint64) uint64 { return dev&0xff | dev>>12&^0xff }
