package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/remuda-go/remuda/bench/contender"
	"github.com/remuda-go/remuda/bench/scenario"
)

// childCommand as the first argument makes this program run one entry and print
// its samples.
const childCommand = "child"

// errPatience says that a run took too long and was ended.
var errPatience = errors.New("it has not ended in time")

// startChild runs an entry in a process of its own, which is killed when it
// takes longer than the limit.
func startChild(limit time.Duration, name string, index int, contender string, ops int) (samples []scenario.Sample, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, childCommand, name, strconv.Itoa(index), contender, strconv.Itoa(ops))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%w: %v", errPatience, limit)
	}
	if err != nil {
		return nil, fmt.Errorf("its process: %w", err)
	}
	return samples, json.Unmarshal(out, &samples)
}

// runChild is the other side: it runs the entry and prints its samples.
func runChild(args []string, out io.Writer) error {
	if len(args) != 4 {
		return fmt.Errorf("%s: want scenario, case, contender and operations", childCommand)
	}
	index, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	ops, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	e, err := findEntry(args[0], index, args[2])
	if err != nil {
		return err
	}
	samples, err := e.Run(ops)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(samples)
}

func findEntry(name string, index int, of string) (scenario.Entry, error) {
	for _, s := range scenario.All(contender.All()) {
		if s.Name != name || index < 0 || index >= len(s.Cases) {
			continue
		}
		for _, e := range s.Cases[index].Entries {
			if e.Contender.Name() == of {
				return e, nil
			}
		}
	}
	return scenario.Entry{}, fmt.Errorf("no case %d of %q with %q", index, name, of)
}
