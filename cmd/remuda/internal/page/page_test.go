package page_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/remuda-go/remuda/cmd/remuda/internal/page"
	"github.com/remuda-go/remuda/tasks"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// largest is what the whole page may weigh.
const largest = 60_000

func get(t *testing.T, h http.Handler, target string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	return do(t, h, http.MethodGet, target, header...)
}

func do(t *testing.T, h http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, nil)
	r.Host = "localhost:8055"
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func stateOf(t *testing.T, h http.Handler, header ...string) (s page.State) {
	t.Helper()
	w := get(t, h, "/page/state", header...)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &s))
	return s
}

// The page, with all that belongs to it, is small, may load nothing from elsewhere, and has
// no scripts and styles within its HTML.
func TestThePageIsSmallAndShutIn(t *testing.T) {
	t.Parallel()
	h := newRig(t).handler("", false)
	total := 0
	for _, name := range []string{"", "page/style.css", "page/app.js", "page/act.js", "page/charts.js", "page/detail.js", "page/dom.js",
		"page/list.js", "page/net.js", "page/overview.js", "page/words.js", "page/icon.svg"} {
		w := get(t, h, "/"+name)
		require.Equal(t, http.StatusOK, w.Code, name)
		total += w.Body.Len()
		csp := w.Header().Get("Content-Security-Policy")
		assert.Contains(t, csp, "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'", name)
		assert.NotContains(t, csp, "unsafe", name)
		assert.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
		if strings.HasSuffix(name, ".js") {
			assert.NotRegexp(t, `innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|setAttribute\("on`, w.Body.String(), name)
		}
		if name != "" {
			tag := w.Header().Get("ETag")
			assert.Equal(t, http.StatusNotModified, get(t, h, "/"+name, "If-None-Match", tag).Code, name)
		}
	}
	assert.Less(t, total, largest)
	html := get(t, h, "/").Body.String()
	assert.NotRegexp(t, `<style|style="| on[a-z]+="|<script>|javascript:|https?://`, html)
	assert.Equal(t, http.StatusNotFound, get(t, h, "/page/other.js").Code)
	assert.Equal(t, http.StatusNotFound, get(t, h, "/page/index.html").Code)
}

// Where there is a token, nobody sees anything of a task without it; the page itself,
// which asks for it, has no data.
func TestNothingIsSeenWithoutTheToken(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	k := r.handle("secret-kind", 0, nil)
	id := r.push(k, "x", "secret payload")
	h := r.handler(token, true)
	for _, target := range []string{"/page/state", "/page/live", "/page/tasks?state=waiting", "/page/task?id=" + string(id), "/v1/kinds"} {
		assert.Equal(t, http.StatusUnauthorized, get(t, h, target).Code, target)
	}
	w := get(t, h, "/", "Host", "remuda.example")
	assert.Equal(t, http.StatusOK, w.Code)
	assert.NotContains(t, w.Body.String(), "secret")
	s := stateOf(t, h, "Authorization", "Bearer "+token)
	require.Len(t, s.Kinds, 1)
	assert.Equal(t, 1, s.Kinds[0].Waiting)
}

// A page of another origin changes nothing, and can't read what it gets; nor can one that
// has given itself the name of this machine.
func TestOtherOrigins(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	k := r.handle("job", 0, nil)
	id := r.push(k, "one", "x")
	locked, unlocked := r.handler(token, true), r.handler("", false)
	for _, h := range []http.Handler{locked, unlocked} {
		for _, foreign := range [][]string{{"Origin", "https://evil.example"}, {"Sec-Fetch-Site", "cross-site"}} {
			header := append([]string{"Authorization", "Bearer " + token}, foreign...)
			for _, target := range []string{"/v1/tasks/job.one/cancel", "/v1/kinds/job/pause"} {
				assert.Equal(t, http.StatusForbidden, do(t, h, http.MethodPost, target, header...).Code)
			}
			assert.Equal(t, http.StatusForbidden, do(t, h, http.MethodDelete, "/v1/tasks/job.one", header...).Code)
			w := get(t, h, "/page/state", header...)
			assert.Empty(t, w.Header().Get("Access-Control-Allow-Origin"))
		}
	}
	rebound := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	rebound.Host = "evil.example"
	w := httptest.NewRecorder()
	unlocked.ServeHTTP(w, rebound)
	assert.Equal(t, http.StatusForbidden, w.Code)
	r.state(id, tasks.Waiting)
}

// A listener shows the kinds that it is for, and no others.
func TestOtherKindsAreNotShown(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	hidden := r.handle("hidden", 1, func(context.Context, []byte) ([]byte, error) { return nil, errors.New("hidden reason") }, tasks.Attempts(1))
	r.handle("shown", 1, func(context.Context, []byte) ([]byte, error) { return nil, nil })
	h := r.handler("", false)
	stateOf(t, h) // from now on it records
	id := r.push(hidden, "x", "hidden payload")
	r.state(id, tasks.Dead)
	require.Eventually(t, func() bool { return len(stateOf(t, h).Failing) == 1 }, soon, 20*time.Millisecond)
	delete(r.kinds, "hidden")
	for _, target := range []string{"/", "/page/state", "/page/tasks?state=dead"} {
		w := get(t, h, target)
		assert.Equal(t, http.StatusOK, w.Code)
		assert.NotContains(t, w.Body.String(), "hidden ", target)
		assert.NotContains(t, w.Body.String(), "hidden.", target)
	}
	assert.Equal(t, http.StatusNotFound, get(t, h, "/page/task?id="+string(id)).Code)
	assert.Equal(t, http.StatusNotFound, get(t, h, "/page/tasks?state=dead&kind=hidden").Code)
	assert.Equal(t, http.StatusBadRequest, get(t, h, "/page/tasks?state=odd").Code)
	assert.Equal(t, http.StatusNotFound, get(t, h, "/page/task?id=shown.none").Code)
}

// Without scripts, the page says what is the matter, and what tasks say of themselves is
// text.
func TestWithoutScripts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	k := r.handle("job", 1, func(context.Context, []byte) ([]byte, error) { return nil, errors.New(hostile) }, tasks.Attempts(1))
	h := r.handler("", false)
	stateOf(t, h)
	r.state(r.push(k, "one", "x"), tasks.Dead)
	require.Eventually(t, func() bool {
		body := get(t, h, "/").Body.String()
		return strings.Contains(body, "has 1 dead") && strings.Contains(body, "job.one")
	}, soon, 100*time.Millisecond)
	body := get(t, h, "/").Body.String()
	assert.Contains(t, body, "&lt;script&gt;")
	assert.NotContains(t, body, "<img src=x")
}

// What a task says, and what it was pushed with, is shown up to a size, and says how
// large the whole is.
func TestWhatIsLargeIsCut(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	k := r.handle("job", 1, func(_ context.Context, in []byte) ([]byte, error) {
		if string(in) == "binary" {
			return []byte{0xff, 0x00, 0xfe}, nil
		}
		return nil, errors.New(strings.Repeat("reason ", 1000))
	}, tasks.Attempts(1))
	h := r.handler("", false)
	stateOf(t, h)
	dead := r.push(k, "dead", strings.Repeat("payload ", 20_000))
	done := r.push(k, "done", "binary")
	r.state(dead, tasks.Dead)
	r.state(done, tasks.Done)
	detail := func(id tasks.ID, query string) (d page.Detail) {
		w := get(t, h, "/page/task?id="+string(id)+query)
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &d))
		return d
	}
	assert.Nil(t, detail(dead, "").Payload, "a payload is shown to whoever asks for it")
	d := detail(dead, "&payload=true")
	assert.Equal(t, 160_000, d.Payload.Size)
	assert.True(t, d.Payload.Cut)
	assert.Less(t, len(d.Payload.Text), 17_000)
	assert.Less(t, len(d.Task.Reason), 5_000)
	d = detail(done, "")
	assert.Equal(t, 3, d.Output.Size)
	assert.True(t, d.Output.Binary)
	assert.Contains(t, d.Output.Text, "ff 00 fe")
	assert.Equal(t, http.StatusConflict, get(t, h, "/page/task?id="+string(done)+"&payload=true").Code)
}

// Whoever listens and whoever serves can go at any time.
func TestALiveStreamEndsWithItsListener(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.handle("job", 0, nil)
	s := r.serve("", false)
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/page/live", nil)
	require.NoError(t, err)
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	assert.Equal(t, "text/event-stream", resp.Header.Get("Content-Type"))
	buf := make([]byte, 4096)
	n, err := io.ReadAtLeast(resp.Body, buf, 60)
	require.NoError(t, err)
	assert.Contains(t, string(buf[:n]), "event: clock")
	cancel()
}
