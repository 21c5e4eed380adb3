package api

import (
	"net/http"
	"net/url"

	"github.com/remuda-go/remuda/tasks"
)

func parseQuery(r *http.Request) (url.Values, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, invalid("the parameters can't be read: %v", err)
	}
	return q, nil
}

func escapePath(id tasks.ID) string { return url.PathEscape(string(id)) }
