// Herd is the program in gofherd's README. It differs from that by its imports,
// by NewHerd, by the type arguments, by the type assertion that they save, by
// herdhttp.Serve, which takes the place of SetAddr, and by the flag -addr.
//
// It starts with no gophers and does nothing until there are some:
//
//	go run ./examples/herd -addr localhost:5555
//	curl -XPATCH localhost:5555/herd -d '{"num": 10}'     # in another terminal
//
// The methods that gofherd has without a result return an error here. This
// program drops most of them, as gofherd does, and not that of Serve, which tells
// when the address is in use.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/herdhttp"
)

const usage = `usage: herd [flags]

It has ten units of work and no gophers, and waits until somebody adds gophers over
HTTP. It ends when the work is done.

Try:
  go run ./examples/herd -addr localhost:5555
  curl -XPATCH localhost:5555/herd -d '{"num": 10}'     # in another terminal

Flags:
`

func LoadWork(herd *remuda.Herd[int, int]) {
	for i := 0; i < 10; i++ { //nolint:modernize // as gofherd has it
		w := remuda.Work[int, int]{ID: fmt.Sprintf("workdID:%d", i), Body: i}
		// blocking call, returns when a goroutine picks the work up or soon will
		herd.SendWork(w)
	}
	// done pushing all work, close input chan to indicate that
	herd.CloseInputChan()
}

// this is the signature of "processing logic" function.
func ProcessWork(w *remuda.Work[int, int]) remuda.Status {
	result := w.Body + 10
	// set the result after processing
	w.SetResult(result)
	return remuda.Success
}

func ReviewOutput(outputChan <-chan remuda.Work[int, int]) {
	// output chan is closed when all results are received
	for work := range outputChan {
		fmt.Printf("%s, status: %s, result:%d\n", work.ID, work.Status(), work.Result())
	}
}

func main() {
	addr := flag.String("addr", "127.0.0.1:5555", "`address` to listen on")
	flag.Usage = func() { fmt.Fprint(os.Stderr, usage); flag.PrintDefaults() }
	flag.Parse()
	// passing "processing logic" when initializing work
	herd := remuda.NewHerd(ProcessWork)
	// setting a herd size of 0
	herd.SetHerdSize(0)
	// disabling retries
	herd.SetMaxRetries(0)
	// bind on 127.0.0.1:5555
	server, err := herdhttp.Serve(herd, *addr)
	if err != nil {
		log.Fatal(err)
	}
	// not Close: the answer to the request that ended the work may be under way
	defer server.Shutdown(context.Background())
	fmt.Fprintf(os.Stderr, "herd: waiting for gophers: curl -XPATCH %s/herd -d '{\"num\": 10}'\n", server.Addr())
	go LoadWork(herd)
	herd.Start()
	ReviewOutput(herd.OutputChan())
}
