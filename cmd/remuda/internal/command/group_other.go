//go:build !unix

package command

import (
	"os/exec"
	"time"
)

// runGroup runs cmd, and ends it at once when its context ends: there is no other
// signal, and no group.
func runGroup(cmd *exec.Cmd, grace time.Duration) error {
	cmd.WaitDelay = grace
	return cmd.Run()
}
