// Package remote is a client of the HTTP interface.
package remote

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/remuda-go/remuda/cmd/remuda/internal/api"
	"github.com/remuda-go/remuda/cmd/remuda/internal/service"
	"github.com/remuda-go/remuda/tasks"
)

// A Client asks a server.
type Client struct {
	// Alone says that this process has the store open, so that no other can: nothing
	// happens as long as it has.
	Alone bool

	base  string
	token string
	http  *http.Client
}

// New returns a client of the server at base, such as http://host:8055.
func New(base, token string, transport http.RoundTripper) *Client {
	return &Client{base: strings.TrimSuffix(base, "/"), token: token, http: &http.Client{Transport: transport}}
}

// send sends a request. An answer that is an error is a *service.Problem.
func (c *Client) send(ctx context.Context, method, path string, query url.Values, body []byte) (*http.Response, error) {
	at := c.base + path
	if len(query) > 0 {
		at += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, at, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode/100 == 2 {
		return resp, nil
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	p := &service.Problem{Status: resp.StatusCode}
	if err != nil || json.Unmarshal(text, p) != nil || p.Text == "" {
		return nil, fmt.Errorf("%s answered %s: %.200s", c.base, resp.Status, strings.TrimSpace(string(text)))
	}
	return nil, p
}

func (c *Client) call(ctx context.Context, method, path string, query url.Values, body []byte, answer any) error {
	resp, err := c.send(ctx, method, path, query, body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if answer == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(answer)
}

// Push stores a task and returns its ID.
func (c *Client) Push(ctx context.Context, kind string, payload []byte, query url.Values) (tasks.ID, error) {
	var t api.Pushed
	err := c.call(ctx, http.MethodPost, "/v1/tasks/"+url.PathEscape(kind), query, payload, &t)
	return t.ID, err
}

// Task returns what is known of a task, at its end or when d has passed.
func (c *Client) Task(ctx context.Context, id tasks.ID, d time.Duration) (t api.Task, err error) {
	query := url.Values{}
	if d > 0 {
		query.Set("wait", d.String())
	}
	return t, c.call(ctx, http.MethodGet, taskPath(id), query, nil, &t)
}

// Output returns the output of a task that is done, as it was written.
func (c *Client) Output(ctx context.Context, id tasks.ID) ([]byte, error) {
	resp, err := c.send(ctx, http.MethodGet, taskPath(id)+"/output", nil, nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}

// Steer does one of cancel and redrive to a task.
func (c *Client) Steer(ctx context.Context, id tasks.ID, what string) error {
	return c.call(ctx, http.MethodPost, taskPath(id)+"/"+what, nil, nil, nil)
}

// Delete forgets a task.
func (c *Client) Delete(ctx context.Context, id tasks.ID) error {
	return c.call(ctx, http.MethodDelete, taskPath(id), nil, nil, nil)
}

func taskPath(id tasks.ID) string { return "/v1/tasks/" + url.PathEscape(string(id)) }

// Kinds returns the state of each kind.
func (c *Client) Kinds(ctx context.Context) (all []api.Kind, err error) {
	return all, c.call(ctx, http.MethodGet, "/v1/kinds", nil, nil, &all)
}

// Health makes the server write to the store.
func (c *Client) Health(ctx context.Context) error {
	return c.call(ctx, http.MethodGet, "/v1/health", nil, nil, nil)
}

// SteerKind does one of pause, resume and resize to a kind.
func (c *Client) SteerKind(ctx context.Context, kind, what string, query url.Values) error {
	return c.call(ctx, http.MethodPost, "/v1/kinds/"+url.PathEscape(kind)+"/"+what, query, nil, nil)
}

// Cron returns the entries.
func (c *Client) Cron(ctx context.Context, query url.Values) (all []api.CronEntry, err error) {
	return all, c.call(ctx, http.MethodGet, "/v1/cron", query, nil, &all)
}

// SetCron sets an entry.
func (c *Client) SetCron(ctx context.Context, kind, name string, entry api.Cron) error {
	body, err := json.Marshal(entry)
	if err != nil {
		return err
	}
	return c.call(ctx, http.MethodPut, cronPath(kind, name), nil, body, nil)
}

// RemoveCron removes an entry.
func (c *Client) RemoveCron(ctx context.Context, kind, name string) error {
	return c.call(ctx, http.MethodDelete, cronPath(kind, name), nil, nil, nil)
}

func cronPath(kind, name string) string {
	return "/v1/cron/" + url.PathEscape(kind) + "/" + url.PathEscape(name)
}

// List yields tasks. An error is the last that it yields.
func (c *Client) List(ctx context.Context, query url.Values) iter.Seq2[api.Task, error] {
	return func(yield func(api.Task, error) bool) {
		resp, err := c.send(ctx, http.MethodGet, "/v1/tasks", query, nil)
		if err != nil {
			yield(api.Task{}, err)
			return
		}
		defer resp.Body.Close()
		lines := json.NewDecoder(resp.Body)
		for {
			var line struct {
				api.Task
				Error string `json:"error"`
				Code  string `json:"code"`
			}
			switch err := lines.Decode(&line); {
			case err == io.EOF:
				return
			case err == nil && line.Error != "":
				err = &service.Problem{Code: line.Code, Text: line.Error}
				fallthrough
			case err != nil:
				yield(api.Task{}, err)
				return
			}
			if !yield(line.Task, nil) {
				return
			}
		}
	}
}

// Events yields what happens until ctx ends.
func (c *Client) Events(ctx context.Context, query url.Values) iter.Seq2[api.Event, error] {
	return func(yield func(api.Event, error) bool) {
		resp, err := c.send(ctx, http.MethodGet, "/v1/events", query, nil)
		if err != nil {
			yield(api.Event{}, err)
			return
		}
		defer resp.Body.Close()
		scan := bufio.NewScanner(resp.Body)
		scan.Buffer(nil, 1<<20)
		kind := ""
		for scan.Scan() {
			if after, ok := strings.CutPrefix(scan.Text(), "event: "); ok {
				kind = after
			}
			data, ok := strings.CutPrefix(scan.Text(), "data: ")
			if !ok || kind != "task" {
				continue
			}
			var e api.Event
			err := json.Unmarshal([]byte(data), &e)
			if !yield(e, err) || err != nil {
				return
			}
		}
		if err := scan.Err(); err != nil && ctx.Err() == nil {
			yield(api.Event{}, err)
		}
	}
}
