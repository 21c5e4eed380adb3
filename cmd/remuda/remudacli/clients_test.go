//go:build unix

package remudacli_test

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// listening is a place whose remuda takes tasks over HTTP, with a token.
func listening(t *testing.T, kinds string) (p *place, url string) {
	t.Helper()
	addr := freeAddress(t)
	p = newPlace(t, kinds+"providers: [{http: {listen: '"+addr+"', token_file: token}}]\n")
	p.write("token", "a token of some length\n")
	return p, "http://" + addr
}

// The client in Python, which has nothing of ours, pushes and waits.
func TestPythonClient(t *testing.T) {
	t.Parallel()
	python := needs(t, "python3")
	p, url := listening(t, upper+"  bad: {attempts: 1, command: {argv: [sh, -c, 'echo no good >&2; exit 1']}}\n")
	s := p.serve()
	client := func(in string, args ...string) (out, errs string, err error) {
		var o, e bytes.Buffer
		args = append([]string{"../../../examples/python/remuda.py", "--url", url}, args...)
		cmd := exec.Command(python, args...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(in), &o, &e
		err = cmd.Run()
		return o.String(), e.String(), err
	}
	token := filepath.Join(p.dir, "token")
	out, errs, err := client("horse", "--token-file", token, "--name", "one", "upper")
	require.NoError(t, err, errs)
	assert.Equal(t, "HORSE", out)
	assert.Equal(t, "upper.one\n", errs)
	_, errs, err = client("x", "upper")
	require.Error(t, err)
	assert.Contains(t, errs, "the token is missing or wrong")
	_, errs, err = client("x", "--token-file", token, "bad")
	require.Error(t, err)
	assert.Contains(t, errs, "is dead: sh: exit status 1: no good")
	s.stop()
}

// What docs/command.md tells curl to do works as it is written there.
func TestCurl(t *testing.T) {
	t.Parallel()
	needs(t, "curl")
	addr := freeAddress(t)
	p := newPlace(t, strings.ReplaceAll(upper, "upper:", "notify:")+"providers: [{http: {listen: '"+addr+"'}}]\n")
	s := p.serve()
	n := 0
	for line := range strings.Lines(readFile(t, "../../../docs/command.md")) {
		if !strings.HasPrefix(line, "curl ") {
			continue
		}
		n++
		out, err := exec.Command("sh", "-c", strings.ReplaceAll(line, "127.0.0.1:8055", addr)).Output()
		require.NoError(t, err, line)
		assert.Contains(t, string(out), `notify.order-7`, line)
	}
	assert.GreaterOrEqual(t, n, 3)
	s.stop()
}
