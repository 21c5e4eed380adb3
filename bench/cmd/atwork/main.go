// Command atwork runs a pool for a second and a half, and draws what its workers did:
// the picture on the first page of the repository.
//
//	go run ./cmd/atwork > ../docs/atwork.svg
//
// Nothing in the picture is made up: a bar is a run, from its first to its last
// instruction, on the worker that ran it.
package main

import (
	"context"
	"fmt"
	"os"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "atwork:", err)
		os.Exit(1)
	}
}

func run() error {
	seen, err := work(context.Background())
	if err != nil {
		return err
	}
	svg, err := draw(seen)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(svg)
	return err
}
