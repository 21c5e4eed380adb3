package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/remuda-go/remuda/cmd/remuda/internal/api"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// document is what is served, read once.
var document = sync.OnceValues(func() (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData(api.Document())
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"application/x-ndjson", "text/event-stream", "application/yaml"} {
		openapi3filter.RegisterBodyDecoder(name, openapi3filter.PlainBodyDecoder)
	}
	return doc, doc.Validate(context.Background())
})

// The document has each route, and no others.
func TestDocumentHasTheRoutes(t *testing.T) {
	t.Parallel()
	doc, err := document()
	require.NoError(t, err)
	var documented []string
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			documented = append(documented, method+" "+path)
		}
	}
	routes := slices.DeleteFunc(api.Patterns(), func(p string) bool { return p == "/" })
	assert.ElementsMatch(t, anonymous(routes), anonymous(documented))
}

// anonymous leaves out the names of what stands in a path: the document may have
// one name for each place.
func anonymous(patterns []string) (all []string) {
	for _, p := range patterns {
		all = append(all, regexp.MustCompile(`\{\w+\}`).ReplaceAllString(p, "{}"))
	}
	return all
}

// A checker is a handler whose answers are held against the document.
type checker struct {
	t      *testing.T
	router routers.Router
	doc    *openapi3.T
	seen   map[string]bool // operation and status
}

func newChecker(t *testing.T) *checker {
	t.Helper()
	doc, err := document()
	require.NoError(t, err)
	router, err := gorillamux.NewRouter(doc)
	require.NoError(t, err)
	return &checker{t: t, router: router, doc: doc, seen: make(map[string]bool)}
}

// ask sends the request to h, and checks what comes.
func (c *checker) ask(h http.Handler, r request) *httptest.ResponseRecorder {
	c.t.Helper()
	req := newRequest(r)
	route, params, err := c.router.FindRoute(req)
	require.NoError(c.t, err, "%s %s", r.method, r.target)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, newRequest(r))
	body := w.Body.Bytes()
	err = openapi3filter.ValidateResponse(c.t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route},
		Status:                 w.Code, Header: w.Header(), Body: io.NopCloser(bytes.NewReader(body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	})
	require.NoError(c.t, err, "%s %s: %d %s", r.method, r.target, w.Code, body)
	c.items(route.Operation, w, body)
	c.seen[route.Operation.OperationID+" "+strconv.Itoa(w.Code)] = true
	return w
}

// items checks each line of an answer that is a stream.
func (c *checker) items(op *openapi3.Operation, w *httptest.ResponseRecorder, body []byte) {
	c.t.Helper()
	kind, _, err := mime.ParseMediaType(w.Header().Get("Content-Type"))
	if err != nil || len(body) == 0 {
		return
	}
	content := op.Responses.Value(strconv.Itoa(w.Code)).Value.Content.Get(kind)
	ref, ok := content.Extensions["x-item-schema"].(map[string]any)
	if !ok {
		return
	}
	schema := c.doc.Components.Schemas[strings.TrimPrefix(ref["$ref"].(string), "#/components/schemas/")].Value
	event := ""
	for line := range strings.Lines(string(body)) {
		line = strings.TrimSpace(line)
		if kind == "text/event-stream" {
			if after, ok := strings.CutPrefix(line, "event: "); ok {
				event = after
			}
			if line, ok = strings.CutPrefix(line, "data: "); !ok || event != "task" {
				continue
			}
		}
		var v any
		require.NoError(c.t, json.Unmarshal([]byte(line), &v), line)
		require.NoError(c.t, schema.VisitJSON(v), line)
	}
}

// complete fails if the document has what was not seen.
func (c *checker) complete() {
	c.t.Helper()
	var unseen []string
	for _, item := range c.doc.Paths.Map() {
		for _, op := range item.Operations() {
			for status := range maps.Keys(op.Responses.Map()) {
				if !c.seen[op.OperationID+" "+status] {
					unseen = append(unseen, op.OperationID+" "+status)
				}
			}
		}
	}
	slices.Sort(unseen)
	assert.Empty(c.t, unseen, "the document has answers that nobody gave")
}
