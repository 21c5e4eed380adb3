//go:build unix

package remudacli_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/remuda-go/remuda/cmd/remuda/remudacli"
	"github.com/stretchr/testify/assert"
)

// The page is where tasks are pushed by HTTP. It asks for the token where there is one, and
// is read-only unless control is allowed.
func TestPage(t *testing.T) {
	t.Parallel()
	const token = "the token of this test"
	addr := freeAddress(t)
	p := newPlace(t, upper+"providers: [{http: {listen: '"+addr+"', token_file: token}}]\n")
	p.write("token", token)
	base := "http://" + addr
	s := p.serve()
	code, html := call(t, "GET", base+"/", "", "")
	assert.Equal(t, http.StatusOK, code)
	assert.Contains(t, html, "page/app.js")
	assert.NotContains(t, html, "upper")
	code, _ = call(t, "GET", base+"/page/state", "", "")
	assert.Equal(t, http.StatusUnauthorized, code)
	_, state := call(t, "GET", base+"/page/state", token, "")
	assert.Contains(t, state, `"control":false`)
	assert.Contains(t, state, `"kind":"upper"`)
	code, _ = call(t, "POST", base+"/v1/kinds/upper/pause", token, "")
	assert.Equal(t, http.StatusForbidden, code)
	s.stop()

	s = p.serve("--allow-control")
	_, state = call(t, "GET", base+"/page/state", token, "")
	assert.Contains(t, state, `"control":true`)
	code, _ = call(t, "POST", base+"/v1/kinds/upper/pause", token, "")
	assert.Equal(t, http.StatusNoContent, code)
	s.stop()
}

// What waits when the process starts runs first of all, and is counted as well.
func TestThePageHasTheFirstRuns(t *testing.T) {
	t.Parallel()
	addr := freeAddress(t)
	p := program{newPlace(t, "providers: [{http: {listen: '"+addr+"'}}]\n"), []remudacli.KindOption{double()}}
	const tasks = 20
	for range tasks {
		p.ok("push", "double", "21")
	}
	p.serve()
	var state string
	p.eventually(func() bool {
		_, state = call(t, "GET", "http://"+addr+"/page/state", "", "")
		return strings.Contains(state, `"waiting":0,"running":0,`)
	}, "they do not run")
	p.eventually(func() bool {
		_, state = call(t, "GET", "http://"+addr+"/page/state", "", "")
		return strings.Contains(state, `"done":`+strconv.Itoa(tasks)+",")
	}, "not all are counted")
}

// Control is not allowed to whoever comes.
func TestAllowControlNeedsAToken(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "providers: [{http: {listen: '127.0.0.1:0'}}]\n")
	_, errs, code := p.run("serve", "--allow-control")
	assert.Equal(t, remudacli.ExitConfig, code)
	assert.Contains(t, errs, "remuda.yaml:1:21: providers[0].http: --allow-control needs token_file or client_ca_file")
	p.write("remuda.yaml", "kinds: {}\n")
	_, errs, code = p.run("serve", "--allow-control")
	assert.Equal(t, remudacli.ExitConfig, code)
	assert.Contains(t, errs, "needs an http provider")
}
