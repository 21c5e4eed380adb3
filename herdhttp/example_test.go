package herdhttp_test

import (
	"crypto/subtle"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/herdhttp"
)

// A herd can be seen and resized from outside.
func ExampleServe() {
	herd := remuda.NewHerd(func(*remuda.Work[int, int]) remuda.Status { return remuda.Success })
	if err := herd.SetHerdSize(2); err != nil {
		fmt.Println(err)
	}
	server, err := herdhttp.Serve(herd, "127.0.0.1:0") // any free port: see Addr
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()

	// curl -XPATCH 127.0.0.1:PORT/herd -d '{"num": 10}'
	req, err := http.NewRequest(http.MethodPatch, "http://"+server.Addr()+"/herd", strings.NewReader(`{"num": 10}`))
	if err != nil {
		fmt.Println(err)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	body, err := io.ReadAll(resp.Body)
	fmt.Println(string(body), err, resp.Body.Close())
	fmt.Println("herd size:", herd.HerdSize())
	// Output:
	// {"num":10,"msg":"success"} <nil> <nil>
	// herd size: 10
}

// A program that has a server already mounts the handler there. Where others can
// reach that server, an authorizer says who may do what.
func ExampleHandler() {
	herd := remuda.NewHerd(func(*remuda.Work[int, int]) remuda.Status { return remuda.Success })
	token := "Bearer secret" // from the program's configuration
	handler := herdhttp.Handler(herd, herdhttp.WithAuthorizer(func(r *http.Request) bool {
		if r.Method == http.MethodGet {
			return true // everybody may look
		}
		return subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte(token)) == 1
	}))
	mux := http.NewServeMux()
	mux.Handle("/herd", handler)
	mux.Handle("/metrics", handler)

	for _, authorization := range []string{"", token} {
		r := httptest.NewRequest(http.MethodPatch, "/herd", strings.NewReader(`{"num": 3}`))
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Println(w.Code, herd.HerdSize())
	}
	// Output:
	// 403 0
	// 200 3
}
