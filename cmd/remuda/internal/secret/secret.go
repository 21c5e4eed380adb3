// Package secret reads what is in a file so that it is neither in the config nor among
// the arguments of the process.
package secret

import (
	"fmt"
	"os"
	"strings"
)

// Check returns an error if others can read a file, or its group can write it. Its group
// may read it: so Kubernetes mounts a secret for one that is not root.
func Check(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o027 != 0 {
		return fmt.Errorf("others can read or write %s: chmod 600 %s", name, name)
	}
	return nil
}

// Read reads a secret, which must pass [Check].
func Read(name string) (string, error) {
	if err := Check(name); err != nil {
		return "", err
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(text)), nil
}
