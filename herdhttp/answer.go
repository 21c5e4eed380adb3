package herdhttp

import (
	"encoding/json"
	"net/http"
)

// writeSize answers those who may know the size of the herd.
func writeSize(w http.ResponseWriter, code, num int, msg string) {
	write(w, code, struct {
		Num int    `json:"num"`
		Msg string `json:"msg"`
	}{num, msg})
}

// refuse answers those who may not.
func refuse(w http.ResponseWriter, msg string) {
	write(w, http.StatusForbidden, struct {
		Msg string `json:"msg"`
	}{msg})
}

func write(w http.ResponseWriter, code int, answer any) {
	b, _ := json.Marshal(answer) //nolint:errchkjson // a number and a string cannot fail
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(code)
	_, _ = w.Write(b) // an error means that nobody is there to be told
}
