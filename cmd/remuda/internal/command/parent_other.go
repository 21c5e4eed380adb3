//go:build unix && !linux

package command

import "syscall"

// dieWithParent does nothing where the kernel has no such thing: a program outlives
// a remuda that is killed.
func dieWithParent(*syscall.SysProcAttr) {}
