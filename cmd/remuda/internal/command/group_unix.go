//go:build unix

package command

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// runGroup runs cmd in a process group of its own.
//
// The goroutine keeps its thread while the program runs: on Linux the kernel ends
// the program when the thread that started it ends, so that a program does not
// outlive a remuda that was killed.
func runGroup(cmd *exec.Cmd, grace time.Duration) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	dieWithParent(cmd.SysProcAttr)
	killed := make(chan struct{})
	var kill *time.Timer
	cmd.Cancel = func() error {
		kill = time.AfterFunc(grace, func() {
			defer close(killed)
			_ = signalGroup(cmd.Process.Pid, syscall.SIGKILL)
		})
		return signalGroup(cmd.Process.Pid, syscall.SIGTERM)
	}
	// Somebody else may hold the pipes open, outside of the group.
	cmd.WaitDelay = grace + time.Second
	if err := cmd.Start(); err != nil {
		return err
	}
	pid := cmd.Process.Pid
	err := cmd.Wait()
	if kill != nil && !kill.Stop() {
		<-killed
	}
	// A group lives, and its number is taken, for as long as it has a member. In the
	// worst case the number was given away within these instructions.
	_ = signalGroup(pid, syscall.SIGKILL)
	return err
}

func signalGroup(pid int, s syscall.Signal) error {
	err := syscall.Kill(-pid, s)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}
