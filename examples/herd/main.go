// Herd is the program in gofherd's README. It differs from that by its imports,
// by NewHerd, by the type arguments, by the type assertion that they save, and by
// herdhttp.Serve, which takes the place of SetAddr.
//
// It starts with no gophers and does nothing until there are some:
//
//	go run ./examples/herd
//	curl -XPATCH 127.0.0.1:5555/herd -d '{"num": 10}'
//
// The methods that gofherd has without a result return an error here. This
// program drops most of them, as gofherd does, and not that of Serve, which tells
// when the address is in use.
package main

import (
	"fmt"
	"log"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/herdhttp"
)

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
	// passing "processing logic" when initializing work
	herd := remuda.NewHerd(ProcessWork)
	// setting a herd size of 0
	herd.SetHerdSize(0)
	// disabling retries
	herd.SetMaxRetries(0)
	// bind on 127.0.0.1:5555
	server, err := herdhttp.Serve(herd, "127.0.0.1:5555")
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	go LoadWork(herd)
	herd.Start()
	ReviewOutput(herd.OutputChan())
}
