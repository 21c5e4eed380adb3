// Package api is the HTTP interface of remuda: tasks are pushed, read, watched and
// steered with it, from other machines and by the command itself.
package api

import (
	"encoding/json"
	"time"
	"unicode/utf8"

	"github.com/remuda-go/remuda/tasks"
)

// A Task is what is known of a task. An output or payload that is JSON is in the
// field of that name, text in the one beside it, and other bytes in the third.
type Task struct {
	ID           tasks.ID        `json:"id"`
	Kind         string          `json:"kind,omitempty"`
	State        tasks.State     `json:"state,omitempty"`
	Attempts     int             `json:"attempts"`
	Pushed       time.Time       `json:"pushed,omitzero"`
	Due          time.Time       `json:"due,omitzero"`
	Updated      time.Time       `json:"updated,omitzero"`
	Expires      time.Time       `json:"expires,omitzero"`
	Key          string          `json:"key,omitempty"`
	Reason       string          `json:"reason,omitempty"`
	Stack        string          `json:"stack,omitempty"`
	Progress     float64         `json:"progress,omitempty"`
	Note         string          `json:"note,omitempty"`
	Output       json.RawMessage `json:"output,omitempty"`
	OutputText   string          `json:"output_text,omitempty"`
	OutputBytes  []byte          `json:"output_base64,omitempty"`
	Payload      json.RawMessage `json:"payload,omitempty"`
	PayloadText  string          `json:"payload_text,omitempty"`
	PayloadBytes []byte          `json:"payload_base64,omitempty"`
}

// TaskOf is what is known of a task, without output and payload.
func TaskOf(i tasks.Info) Task {
	return Task{
		ID: i.ID, Kind: i.ID.Kind(), State: i.State, Attempts: i.Attempts, Pushed: i.Pushed, Due: i.Due, Updated: i.Updated,
		Expires: i.Expires, Key: i.Key, Reason: i.Reason, Stack: i.Stack, Progress: i.Progress, Note: i.Note,
	}
}

// A Pushed is the answer to a push.
type Pushed struct {
	ID tasks.ID `json:"id"`
}

// SetPayload sets one of the three fields.
func (t *Task) SetPayload(b []byte) { t.Payload, t.PayloadText, t.PayloadBytes = split(b) }

// SetOutput sets one of the three fields. The exact bytes are at /output.
func (t *Task) SetOutput(b []byte) { t.Output, t.OutputText, t.OutputBytes = split(b) }

func split(b []byte) (value json.RawMessage, text string, data []byte) {
	switch {
	case json.Valid(b):
		return b, "", nil
	case utf8.Valid(b):
		return nil, string(b), nil
	}
	return nil, "", b
}

// A Kind is the state of a kind.
type Kind struct {
	Kind       string  `json:"kind"`
	Waiting    int     `json:"waiting"`
	Running    int     `json:"running"`
	Scheduled  int     `json:"scheduled"`
	Dead       int     `json:"dead"`
	MaxQueued  int     `json:"max_queued"`
	MaxRunning int     `json:"max_running,omitempty"`
	Oldest     float64 `json:"oldest_seconds"`
	Paused     bool    `json:"paused"`
	Handled    bool    `json:"handled"`
}

// An Event is something that has happened to a task.
type Event struct {
	ID       tasks.ID    `json:"id"`
	State    tasks.State `json:"state"`
	Attempts int         `json:"attempts"`
	Reason   string      `json:"reason,omitempty"`
	Progress float64     `json:"progress,omitempty"`
	Note     string      `json:"note,omitempty"`
	At       time.Time   `json:"at"`
}

// A Cron is an entry to be set.
type Cron struct {
	Spec  string          `json:"spec"`
	Zone  string          `json:"zone,omitempty"`
	Input json.RawMessage `json:"input,omitempty"`
}

// A CronEntry is an entry that is set.
type CronEntry struct {
	Kind string    `json:"kind"`
	Name string    `json:"name"`
	Next time.Time `json:"next,omitzero"` // unknown until it has fired once
	Cron
}

// A Health is the answer of a store that is well.
type Health struct {
	Status string `json:"status"`
}
