package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"path"
	"time"
)

//go:embed assets
var assets embed.FS

var index = template.Must(template.New("index.html").Funcs(template.FuncMap{
	"time": func(t time.Time) string { return t.UTC().Format(time.DateTime) + " UTC" },
}).ParseFS(assets, "assets/index.html"))

// secure lets the page load what is its own, and nothing else. Its scripts can't make
// HTML of text.
func secure(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "+
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
}

// index serves the page with what it shows to those without scripts.
func (s *server) index(w http.ResponseWriter, r *http.Request) {
	defer s.h.watched(r.Context())()
	state := s.h.state(s.Options)
	s.shell(w, &state)
}

// bare serves the page to those who have yet to give the token.
func (s *server) bare(w http.ResponseWriter, _ *http.Request) { s.shell(w, nil) }

func (s *server) shell(w http.ResponseWriter, state *State) {
	var page bytes.Buffer
	if err := index.Execute(&page, state); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	secure(w.Header())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = page.WriteTo(w) // the caller has gone
}

// A file is a part of the page that is the same for everybody.
type file struct {
	kind, tag string
	content   []byte
}

var kinds = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

var files = readFiles()

func readFiles() map[string]*file {
	entries, err := assets.ReadDir("assets")
	if err != nil {
		panic(err) // embed has it
	}
	all := make(map[string]*file)
	for _, e := range entries {
		kind := kinds[path.Ext(e.Name())]
		if kind == "" {
			continue
		}
		content, err := assets.ReadFile("assets/" + e.Name())
		if err != nil {
			panic(err) // embed has it
		}
		sum := sha256.Sum256(content)
		all[e.Name()] = &file{kind: kind, tag: `"` + hex.EncodeToString(sum[:8]) + `"`, content: content}
	}
	return all
}

func (f *file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	w.Header().Set("Content-Type", f.kind)
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", f.tag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.content))
}
