package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// The test binary is the program, too: main prints what is tested, so it runs in
// a process of its own.
func TestMain(m *testing.M) {
	if os.Getenv("RUN_HERD") != "" {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

func TestProgram(t *testing.T) {
	program, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(program, "-addr", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), "RUN_HERD=1")
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	defer cmd.Process.Kill()

	line, err := bufio.NewReader(stderr).ReadString('\n')
	require.NoError(t, err)
	found := regexp.MustCompile(`^herd: waiting for gophers: curl -XPATCH (\S+) `).FindStringSubmatch(line)
	require.NotNil(t, found, line)
	url := "http://" + found[1]
	require.Equal(t, `{"num":0,"msg":"success"}`, request(t, url, http.MethodGet, ""))
	require.Equal(t, `{"num":10,"msg":"success"}`, request(t, url, http.MethodPatch, `{"num": 10}`))
	out, err := io.ReadAll(stdout)
	require.NoError(t, err)
	require.NoError(t, cmd.Wait())

	var want []string
	for i := range 10 {
		want = append(want, fmt.Sprintf("workdID:%d, status: success, result:%d", i, i+10))
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	slices.Sort(lines) // ten gophers at once are in no order
	require.Equal(t, want, lines)
}

func request(t *testing.T, url, method, body string) string {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	require.NoError(t, err)
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(b)
}
