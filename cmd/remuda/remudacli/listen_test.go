//go:build unix

package remudacli_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/remuda-go/remuda/cmd/remuda/remudacli"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// freeAddress is one that nobody listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	return ln.Addr().String()
}

func call(t *testing.T, method, url, token, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(text)
}

// Other machines push, wait and watch with the token, and see no kinds but theirs; a
// reload changes the token while the address stays.
func TestHTTPProvider(t *testing.T) {
	t.Parallel()
	addr := freeAddress(t)
	p := newPlace(t, upper+"  other: {command: {argv: [cat]}}\nproviders: [{http: {listen: '"+addr+"', kinds: [upper], token_file: token, control: true}}]\n")
	p.write("token", "the first of the tokens")
	s := p.serve()
	base := "http://" + addr + "/v1"
	const token = "the first of the tokens"

	watch, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/events", nil)
	require.NoError(t, err)
	watch.Header.Set("Authorization", "Bearer "+token)
	events, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(watch)
	require.NoError(t, err)
	defer events.Body.Close()
	lines := bufio.NewReader(events.Body)
	for line := ""; line != "event: listening\n"; {
		line, err = lines.ReadString('\n')
		require.NoError(t, err)
	}

	code, text := call(t, "POST", base+"/tasks/upper?id=one", token, "horse")
	assert.Equal(t, http.StatusCreated, code, text)
	_, text = call(t, "GET", base+"/tasks/upper.one?wait=30s", token, "")
	assert.Contains(t, text, `"output_text":"HORSE"`)
	for {
		line, err := lines.ReadString('\n')
		require.NoError(t, err)
		if strings.Contains(line, `"id":"upper.one","state":"done"`) {
			break
		}
	}
	code, _ = call(t, "POST", base+"/tasks/other", token, "x")
	assert.Equal(t, http.StatusNotFound, code)
	code, _ = call(t, "POST", base+"/tasks/upper", "wrong", "x")
	assert.Equal(t, http.StatusUnauthorized, code)

	out, errs, exit := p.run("--url", "http://"+addr, "--token-file", filepath.Join(p.dir, "token"), "push", "--wait", "upper", "mare")
	assert.Equal(t, remudacli.ExitOK, exit, errs)
	assert.Equal(t, "MARE", out)

	p.write("token", "the second of the tokens")
	s.signal(syscall.SIGHUP)
	s.says("the config was reloaded")
	code, _ = call(t, "GET", base+"/kinds", token, "")
	assert.Equal(t, http.StatusUnauthorized, code)
	code, _ = call(t, "GET", base+"/kinds", "the second of the tokens", "")
	assert.Equal(t, http.StatusOK, code)
	s.stop() // although somebody still watches
}
