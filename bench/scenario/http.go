package scenario

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	httpWorkers = 8
	httpClients = 32
	httpJob     = 50 // µs
)

// HTTP is a round trip inside the handlers of a server.
func HTTP(contenders []Contender, spin Spin) Scenario {
	c := Case{
		Cells:    percentileCells("a call", "µs"),
		Floor:    "chan + fresh reply",
		Ops:      4_800,
		QuickOps: 1_600,
	}
	c.Cells[0].Charted, c.Cells[0].Guarded = true, true
	c.Cells[1].Charted = true
	job := func(in int) int { spin.For(httpJob); return in + 1 }
	for _, contender := range contenders {
		if start := doerOf(contender); start != nil {
			c.Entries = append(c.Entries, Entry{Contender: contender, Run: func(ops int) ([]Sample, error) {
				d := start(httpWorkers, httpClients, job)
				defer d.Close()
				took, err := serve(d, ops)
				if err != nil {
					return nil, err
				}
				return percentileSamples(took, time.Microsecond)
			}})
		}
	}
	return Scenario{
		Name:  "http",
		Title: "Do in the handlers of a server",
		About: "net/http handlers call Do with the context of their request; the job takes 50 µs, and there are 8 workers. 32 clients in the same process keep a connection each " +
			"and ask one thing after the other. What is timed is the call in the handler, from its beginning until it returns.",
		Cases: []Case{c},
	}
}

// serve has clients call d through a server, and returns how long the calls took.
func serve(d Doer, ops int) (took []time.Duration, err error) {
	var mu sync.Mutex
	handler := func(w http.ResponseWriter, r *http.Request) {
		client, err1 := strconv.Atoi(r.FormValue("client"))
		in, err2 := strconv.Atoi(r.FormValue("in"))
		if err := errors.Join(err1, err2); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		start := time.Now()
		out := d.Do(r.Context(), client, in)
		end := time.Since(start)
		mu.Lock()
		took = append(took, end)
		mu.Unlock()
		_, _ = io.WriteString(w, strconv.Itoa(out)) // the client finds out
	}
	ctx := context.Background()
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: http.HandlerFunc(handler), ReadHeaderTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	failed := ask(ctx, "http://"+l.Addr().String(), ops)
	err = errors.Join(failed, server.Shutdown(ctx))
	if end := <-served; !errors.Is(end, http.ErrServerClosed) {
		err = errors.Join(err, end)
	}
	return took, err
}

// ask makes the requests of all clients.
func ask(ctx context.Context, url string, ops int) error {
	transport := &http.Transport{MaxIdleConnsPerHost: httpClients}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	errs := make([]error, httpClients)
	each(httpClients, func(i int) {
		from, to := share(i, httpClients, ops)
		for in := from; in < to && errs[i] == nil; in++ {
			errs[i] = askOnce(ctx, client, fmt.Sprintf("%s/?client=%d&in=%d", url, i, in), in+1)
		}
	})
	return errors.Join(errs...)
}

func askOnce(ctx context.Context, client *http.Client, url string, want int) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	r, err := client.Do(request)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	if string(body) != strconv.Itoa(want) {
		return fmt.Errorf("%s answers %q, not %d", url, body, want)
	}
	return nil
}
