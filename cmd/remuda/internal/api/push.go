package api

import (
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/remuda-go/remuda/tasks"
)

// bodyTime bounds how long a body may take.
const bodyTime = 30 * time.Second

// push stores the body as a task: 201 with its ID. The header Idempotency-Key, or
// else the parameter id, gives it a name of its own; unique, after, at and expires
// are as the options of a push.
func (a *api) push(w http.ResponseWriter, r *http.Request) error {
	k, err := a.kind(r.PathValue("kind"))
	if err != nil {
		return err
	}
	opts, err := pushOptions(r)
	if err != nil {
		return err
	}
	payload, err := a.body(w, r)
	if err != nil {
		return err
	}
	id, err := k.Push(r.Context(), a.Client, payload, opts...)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/tasks/"+escapePath(id))
	writeJSON(w, http.StatusCreated, Pushed{ID: id})
	return nil
}

func (a *api) body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	c := http.NewResponseController(w)
	_ = c.SetReadDeadline(time.Now().Add(bodyTime)) // a transport without deadlines is in this process
	payload, err := io.ReadAll(http.MaxBytesReader(w, r.Body, a.Body))
	if err != nil {
		return nil, err
	}
	_ = c.SetReadDeadline(time.Time{})
	return payload, nil
}

func pushOptions(r *http.Request) ([]tasks.PushOption, error) {
	var opts []tasks.PushOption
	query, err := params(r, "id", "unique", "after", "at", "expires")
	if err != nil {
		return nil, err
	}
	if key := r.Header.Get("Idempotency-Key"); key != "" {
		query["id"] = key
	}
	for name, value := range query {
		switch name {
		case "id":
			opts = append(opts, tasks.WithID(value))
		case "unique":
			opts = append(opts, tasks.Unique(value))
		case "after":
			d, err := time.ParseDuration(value)
			if err != nil || d < 0 {
				return nil, invalid("after=%q is no duration: want one such as 90s", value)
			}
			opts = append(opts, tasks.After(d))
		default:
			t, err := time.Parse(time.RFC3339Nano, value)
			if err != nil {
				return nil, invalid("%s=%q is no time: want one such as 2026-01-02T15:04:05Z", name, value)
			}
			if name == "at" {
				opts = append(opts, tasks.At(t))
			} else {
				opts = append(opts, tasks.Expires(t))
			}
		}
	}
	if query["after"] != "" && query["at"] != "" {
		return nil, invalid("after and at exclude each other")
	}
	return opts, nil
}

// params reads the parameters that are known, each at most once; any other is an
// error.
func params(r *http.Request, known ...string) (map[string]string, error) {
	values := make(map[string]string)
	query, err := parseQuery(r)
	if err != nil {
		return nil, err
	}
	for name, all := range query {
		switch {
		case !slices.Contains(known, name):
			return nil, invalid("unknown parameter %q: there are %v", name, known)
		case len(all) > 1:
			return nil, invalid("parameter %q is given twice", name)
		case all[0] != "":
			values[name] = all[0]
		}
	}
	return values, nil
}
