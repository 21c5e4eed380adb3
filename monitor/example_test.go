package monitor_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/monitor"
)

func Example() {
	m := monitor.New()
	charge := func(_ context.Context, order int) (string, error) { return fmt.Sprint("paid ", order), nil }
	orders, err := remuda.StartWithConfig(remuda.Config{Name: "orders", Initial: 8}, charge, m)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer orders.Close(context.Background())
	if _, err := orders.Do(context.Background(), 17); err != nil {
		fmt.Println(err)
	}

	mux := http.NewServeMux()
	mux.Handle("/debug/pools/", m.Handler(orders))
	server := httptest.NewServer(mux)
	defer server.Close()

	resp, err := server.Client().Get(server.URL + "/debug/pools/")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	page, _ := io.ReadAll(resp.Body)
	fmt.Println(resp.Status, strings.Contains(string(page), "What failed lately"))
	// Output: 200 OK true
}
