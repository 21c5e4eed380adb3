package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"
)

// localSites starts a server with sites of all kinds and returns a CSV file of
// them. stop ends the server.
func localSites() (sites string, stop func()) {
	var asked atomic.Int32
	mux := http.NewServeMux()
	mux.HandleFunc("/fast/{n}", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { sleep(r.Context(), 50*time.Millisecond) })
	mux.HandleFunc("/flaky", func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) <= 2 {
			http.Error(w, "try again", http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "sorry", http.StatusInternalServerError)
	})
	mux.HandleFunc("/cut", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	server := httptest.NewServer(mux)

	var csv strings.Builder
	csv.WriteString("# address, what to expect of it\n")
	for i := range 5 {
		fmt.Fprintf(&csv, "%s/fast/%d, an immediate answer\n", server.URL, i)
	}
	for path, expect := range map[string]string{
		"slow": "an answer in 50 ms", "flaky": "an answer at the third try", "missing": "status 404",
		"broken": "status 500 each time", "cut": "no answer",
	} {
		fmt.Fprintf(&csv, "%s/%s, %s\n", server.URL, path, expect)
	}
	return csv.String(), server.Close
}
