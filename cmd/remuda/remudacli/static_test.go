//go:build unix

package remudacli_test

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What the Dockerfile builds needs nothing of a system: no loader, no libraries, no
// time zones.
func TestTheDockerfileBuildsAStaticBinary(t *testing.T) {
	if os.Getenv("REMUDA_CI") != "1" || underRace || runtime.GOOS != "linux" {
		t.Skip("it builds the whole command anew, for Linux, which takes minutes: REMUDA_CI=1 does")
	}
	t.Parallel()
	build := regexp.MustCompile(`(?m)^RUN (CGO_ENABLED=0 .*) -o /remuda \.$`).FindStringSubmatch(readFile(t, "../../../Dockerfile"))
	require.NotNil(t, build)
	bin := filepath.Join(t.TempDir(), "remuda")
	cmd := exec.Command("sh", "-c", build[1]+" -buildvcs=false -o "+bin+" .")
	cmd.Dir = "../../.."
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	file, err := elf.Open(bin)
	require.NoError(t, err)
	defer file.Close()
	for _, p := range file.Progs {
		assert.NotEqual(t, elf.PT_INTERP, p.Type, "it asks for a loader")
	}
	p := newPlace(t, upper+"cron: {x: {spec: '@daily', zone: Europe/Berlin, kind: upper}}\n")
	cmd = exec.Command(bin, "-c", p.file, "config", "validate")
	cmd.Env = []string{"ZONEINFO=/nowhere"}
	out, err = cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Contains(t, string(out), "is right")
}
