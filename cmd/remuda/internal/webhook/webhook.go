// Package webhook makes of a URL a job: the payload is posted to it, and what it
// answers is the result.
package webhook

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/remuda-go/remuda/middleware"
	"github.com/remuda-go/remuda/tasks"
)

// A Hook is a URL that is called.
type Hook struct {
	URL      string
	Headers  map[string]string
	Patience time.Duration // for how long after its push a task may be put off
	Output   int64         // the most bytes of a result
	Client   *http.Client  // must not follow redirects: see NewClient
}

// NewClient returns a client for hooks: it does not follow redirects, which would
// make a GET of a POST, or send the headers elsewhere. Its owner closes its idle
// connections.
func NewClient() *http.Client {
	return &http.Client{
		Transport:     http.DefaultTransport.(*http.Transport).Clone(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Do posts the payload, with the task's ID as Idempotency-Key. An answer of 2xx is
// the result; 408, 425, 429, 5xx and no answer at all are a failure that is tried
// again; any other is final. A failure that says Retry-After puts the task off by
// so much, which is no attempt, until the task is older than Patience.
func (h *Hook) Do(ctx context.Context, payload []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(payload))
	if err != nil {
		return nil, middleware.Permanent(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "remuda")
	for name, value := range h.Headers {
		if req.Header.Set(name, value); http.CanonicalHeaderKey(name) == "Host" {
			req.Host = value // the header of that name is not sent
		}
	}
	run, known := tasks.RunFrom(ctx)
	if known {
		req.Header.Set("Idempotency-Key", string(run.ID))
		req.Header.Set("Remuda-Attempt", strconv.Itoa(run.Attempt))
	}
	resp, err := h.Client.Do(req)
	if err != nil {
		return nil, withoutQuery(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 == 2 {
		return h.result(resp.Body)
	}
	err = failure(resp)
	switch wait, told := retryAfter(resp.Header.Get("Retry-After"), time.Now()); {
	case !worthAnother(resp.StatusCode):
		return nil, middleware.Permanent(err)
	case told && known && time.Since(run.Pushed) < h.Patience:
		_ = run.Progress(0, err.Error()) // nobody has to watch
		return nil, tasks.Snooze(min(wait, h.Patience))
	}
	return nil, err
}

// withoutQuery keeps the URL, which may have secrets, out of the reason of a failure.
func withoutQuery(err error) error {
	if u, ok := err.(*url.Error); ok { // the client returns no other
		return fmt.Errorf("%s: %w", u.Op, u.Err)
	}
	return err
}

func (h *Hook) result(body io.Reader) ([]byte, error) {
	out, err := io.ReadAll(io.LimitReader(body, h.Output+1))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if int64(len(out)) > h.Output {
		return nil, fmt.Errorf("%w: the answer is larger than %d bytes", tasks.ErrTooLarge, h.Output)
	}
	return out, nil
}

// failure has the status and the beginning of the body.
func failure(resp *http.Response) error {
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10)) // what can be read
	if body := strings.ToValidUTF8(strings.TrimSpace(string(text)), "\uFFFD"); body != "" {
		return fmt.Errorf("answered %s: %s", resp.Status, body)
	}
	return fmt.Errorf("answered %s", resp.Status)
}

func worthAnother(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= 500
}

// retryAfter reads seconds, or a date.
func retryAfter(text string, now time.Time) (time.Duration, bool) {
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now)), true
	}
	return 0, false
}
