package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// memory pushes the tasks that wait, and tells how much more the server holds.
func memory(ctx context.Context, s system, size sizes) (float64, error) {
	if size.waiting == 0 {
		return 0, errUnsupported
	}
	before, err := held(s.server())
	if err != nil {
		return 0, err
	}
	err = s.pushMany(ctx, size.waiting)
	if err == errUnsupported {
		_, err = pushAll(ctx, s, size.waiting, 16)
	}
	if err != nil {
		return 0, err
	}
	after, err := held(s.server())
	return (after - before) / 1e6 * 100_000 / float64(size.waiting), err
}

// besideMany runs tasks while many others wait.
func besideMany(ctx context.Context, s system, size sizes) (float64, error) {
	left, err := s.left(ctx)
	if err != nil {
		return 0, err
	}
	if left < size.tasks {
		return 0, errUnsupported
	}
	return runDown(ctx, s, 8, left-size.tasks)
}

// held is the memory of a process and its children, in bytes: what they share counts
// once, what could be given back does not count.
func held(pid int) (float64, error) {
	if pid == os.Getpid() {
		debug.FreeOSMemory()
	}
	total, err := pss(pid)
	if err != nil || pid == os.Getpid() {
		return total, err
	}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	for _, name := range stats {
		text, err := os.ReadFile(name)
		if err != nil { // it has ended
			continue
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		if f := strings.Fields(rest); len(f) > 1 && f[1] == strconv.Itoa(pid) {
			child, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
			if err != nil {
				return 0, err
			}
			n, err := pss(child)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				return 0, err
			}
			total += n
		}
	}
	return total, nil
}

func pss(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "Pss:" {
			kb, err := strconv.ParseFloat(f[1], 64)
			return kb * 1024, err
		}
	}
	return 0, fmt.Errorf("process %d: no Pss", pid)
}

// restart kills a process that holds a task, and tells when another one has it.
func restart(ctx context.Context, s system, size sizes) (float64, error) {
	if size.restart == 0 {
		return 0, errUnsupported
	}
	args, err := s.holder(ctx)
	if err != nil {
		return 0, err
	}
	if _, err := takes(ctx, args, time.Minute); err != nil {
		return 0, fmt.Errorf("the first process: %w", err)
	}
	begun := time.Now()
	took, err := takes(ctx, args, size.restart)
	if err != nil || !took {
		return size.restart.Seconds(), err // and more: RESULTS.md says so
	}
	return time.Since(begun).Seconds(), nil
}

// takes reports whether a child takes the task within the bound. It is killed then.
func takes(ctx context.Context, args []string, bound time.Duration) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], append([]string{"-hold"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return false, err
	}
	if err := cmd.Start(); err != nil {
		return false, err
	}
	took := bufio.NewScanner(out).Scan() // it says so, or is killed
	cancel()
	_ = cmd.Wait()
	return took, nil
}

// hold is the child: it takes a task and never ends it.
func hold(ctx context.Context, args []string) error {
	took := func() {
		fmt.Println("taken")
		select {}
	}
	switch args[0] {
	case "remuda":
		return holdRemuda(ctx, args[1], took)
	case "floor":
		return holdFloor(ctx, args[1], took)
	case "asynq":
		return holdAsynq(args[1], took)
	case "river":
		return holdRiver(ctx, args[1], took)
	case "goqite":
		return holdGoqite(ctx, args[1], took)
	}
	return fmt.Errorf("no such system: %s", args[0])
}
