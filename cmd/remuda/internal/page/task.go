package page

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/remuda-go/remuda/cmd/remuda/internal/api"
	"github.com/remuda-go/remuda/tasks"
)

const (
	blobShown = 16 << 10
	hexShown  = 512
)

// A Detail is one task.
type Detail struct {
	Task     api.Task  `json:"task"`
	Attempts []attempt `json:"attempts"` // that this process knows of
	Begun    time.Time `json:"begun,omitzero"`
	Attempt  int       `json:"attempt,omitempty"` // that runs
	Output   *Blob     `json:"output,omitempty"`
	Payload  *Blob     `json:"payload,omitempty"`
}

// A Blob is the beginning of bytes that may be text.
type Blob struct {
	Size   int    `json:"size"`
	Text   string `json:"text"`
	Binary bool   `json:"binary"` // the text is a dump
	Cut    bool   `json:"cut"`
}

func blobOf(b []byte) *Blob {
	blob := &Blob{Size: len(b)}
	var pretty bytes.Buffer
	switch {
	case len(b) <= blobShown && json.Indent(&pretty, b, "", "  ") == nil && pretty.Len() <= 2*blobShown:
		blob.Text = pretty.String()
	case utf8.Valid(b):
		blob.Text, blob.Cut = cut(string(b), blobShown), len(b) > blobShown
	default:
		blob.Text, blob.Binary, blob.Cut = hex.Dump(b[:min(len(b), hexShown)]), true, len(b) > hexShown
	}
	return blob
}

// task answers with one task. Its payload is shown to whoever asks for it.
func (s *server) task(w http.ResponseWriter, r *http.Request) {
	id := tasks.ID(r.FormValue("id"))
	k, ok := s.Service.Kind(id.Kind())
	if !ok {
		writeProblem(w, notFound("no such task: %q", string(id)))
		return
	}
	info, err := s.h.client.Info(r.Context(), id)
	if err != nil {
		writeProblem(w, err)
		return
	}
	d := &Detail{Task: api.TaskOf(info)}
	if info.State == tasks.Done {
		out, err := k.Result(r.Context(), s.h.client, id)
		if err != nil {
			writeProblem(w, err)
			return
		}
		d.Output = blobOf(out)
	}
	if r.FormValue("payload") == "true" {
		payload, err := s.h.client.Payload(r.Context(), id)
		if err != nil {
			writeProblem(w, err)
			return
		}
		d.Payload = blobOf(payload)
	}
	s.h.detail(d)
	writeJSON(w, d)
}

// detail adds what this process knows of the task.
func (h *History) detail(d *Detail) {
	h.mu.Lock()
	defer h.mu.Unlock()
	d.Attempts = append([]attempt{}, h.attempts.of(d.Task.ID)...)
	if one := h.running.active[d.Task.ID]; one != nil {
		d.Begun, d.Attempt = one.begun, one.attempt
		d.Task.State = tasks.Running
	}
}
