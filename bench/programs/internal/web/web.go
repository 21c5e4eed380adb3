// Package web fetches pages. It is the same for both crawlers.
package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
)

var href = regexp.MustCompile(`href="([^"]*)"`)

// Links fetches a page and returns what it links to on one of hosts.
func Links(ctx context.Context, page *url.URL, hosts []string) ([]*url.URL, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, page.String(), nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	_ = resp.Body.Close() // it was read, or err says why not
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", resp.StatusCode)
	}
	var links []*url.URL
	for _, match := range href.FindAllSubmatch(body, -1) {
		link, err := page.Parse(string(match[1]))
		if err == nil && slices.Contains(hosts, link.Host) {
			links = append(links, link)
		}
	}
	return links, nil
}
