package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
)

// localPages starts a server and returns the addresses of its pages. Each of them
// can be fetched in the end. stop ends the server.
func localPages() (urls []string, stop func()) {
	var flaky, slow atomic.Int32
	mux := http.NewServeMux()
	mux.HandleFunc("/good/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") })
	mux.HandleFunc("/flaky", func(w http.ResponseWriter, _ *http.Request) {
		if flaky.Add(1) <= 2 {
			http.Error(w, "try again", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "hello, at the third attempt")
	})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		if slow.Add(1) == 1 {
			<-r.Context().Done() // until the client has lost its patience
			return
		}
		fmt.Fprintln(w, "hello, at the second attempt")
	})
	server := httptest.NewServer(mux)
	for _, path := range []string{"/good/1", "/flaky", "/slow", "/good/2", "/good/3"} {
		urls = append(urls, server.URL+path)
	}
	return urls, server.Close
}
