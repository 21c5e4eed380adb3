package api

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/remuda-go/remuda/cmd/remuda/internal/service"
	"github.com/remuda-go/remuda/tasks"
)

// params reads the parameters that are known, each at most once; any other is an
// error.
func params(r *http.Request, known ...string) (map[string]string, error) {
	values := make(map[string]string)
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, service.Invalid("the parameters can't be read: %v", err)
	}
	for name, all := range query {
		switch {
		case !slices.Contains(known, name):
			return nil, service.Invalid("unknown parameter %q: there are %v", name, known)
		case len(all) > 1:
			return nil, service.Invalid("parameter %q is given twice", name)
		case all[0] != "":
			values[name] = all[0]
		}
	}
	return values, nil
}

// numberOf, durationOf and timeOf read a parameter; none is the zero value.
func numberOf(name, text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, service.Invalid("%s=%q is no number", name, text)
	}
	return n, nil
}

func durationOf(name, text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, service.Invalid("%s=%q is no duration: want one such as 90s", name, text)
	}
	return d, nil
}

func timeOf(name, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return t, service.Invalid("%s=%q is no time: want one such as 2026-01-02T15:04:05Z", name, text)
	}
	return t, nil
}

func escapePath(id tasks.ID) string { return url.PathEscape(string(id)) }
