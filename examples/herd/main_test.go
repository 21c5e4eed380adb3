package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
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
	l, err := net.Listen("tcp", "127.0.0.1:5555")
	if err != nil {
		t.Skip(err)
	}
	require.NoError(t, l.Close())
	program, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), "RUN_HERD=1")
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	defer cmd.Process.Kill()

	require.Equal(t, `{"num":0,"msg":"success"}`, request(t, http.MethodGet, ""))
	require.Equal(t, `{"num":10,"msg":"success"}`, request(t, http.MethodPatch, `{"num": 10}`))
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

// request sends a request to the program, once it is up.
func request(t *testing.T, method, body string) string {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	for begin := time.Now(); ; {
		req, err := http.NewRequest(method, "http://127.0.0.1:5555/herd", strings.NewReader(body))
		require.NoError(t, err)
		resp, err := client.Do(req)
		if err != nil && time.Since(begin) < time.Minute {
			continue
		}
		require.NoError(t, err)
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return string(b)
	}
}
