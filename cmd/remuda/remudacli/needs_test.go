//go:build unix

package remudacli_test

import (
	"os"
	"os/exec"
	"testing"
)

// needs skips the test where a program is not installed. With REMUDA_CI=1 that fails:
// there, nothing is to be left untested unseen.
func needs(t *testing.T, programs ...string) (path string) {
	t.Helper()
	for _, name := range programs {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("REMUDA_CI") == "1" {
		t.Fatalf("none of %v is installed", programs)
	}
	t.Skipf("none of %v is installed", programs)
	return ""
}
