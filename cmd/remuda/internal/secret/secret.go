// Package secret reads what is in a file so that it is neither in the config nor among
// the arguments of the process.
package secret

import (
	"fmt"
	"os"
	"strings"
)

// Read reads a secret, which others must not be able to read.
func Read(name string) (string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("others can read or write %s: chmod 600 %s", name, name)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(text)), nil
}
