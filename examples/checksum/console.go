package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/muesli/cancelreader"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// A console is what the program has of a terminal: its progress if standard
// error is one, keys if standard input is. It draws, and lets messages past the
// drawing, from several goroutines.
type console struct {
	stdout, stderr io.Writer // to be used in place of those of the program
	watched        bool      // stdout is a terminal

	counts  *counts
	workers func() int

	mu  sync.Mutex // guards bar, whose Clear is not safe, and the order of what is drawn
	bar *progressbar.ProgressBar
	tty io.Writer // where it is drawn

	stops []func() // undo what was begun, the last first
}

// newConsole begins to draw the progress, if somebody can see it.
func newConsole(stdout, stderr io.Writer, n *counts, workers func() int) *console {
	c := &console{stdout: stdout, stderr: stderr, counts: n, workers: workers}
	if isTerminal(stdout) {
		c.watched = true
		c.stdout = &pastBar{c, stdout}
	}
	if isTerminal(stderr) {
		c.tty, c.stderr = stderr, &pastBar{c, stderr}
		c.bar = progressbar.NewOptions64(-1, progressbar.OptionSetWriter(stderr),
			progressbar.OptionShowBytes(true), progressbar.OptionShowCount(),
			progressbar.OptionUseANSICodes(true), progressbar.OptionSpinnerType(14),
			progressbar.OptionSetSpinnerChangeInterval(0)) // no goroutine of its own
		c.every(100*time.Millisecond, c.draw)
	}
	return c
}

// every calls f in intervals until the console is closed, and then once more.
func (c *console) every(d time.Duration, f func()) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	ticker := time.NewTicker(d)
	go func() {
		defer close(stopped)
		for {
			select {
			case <-ticker.C:
				f()
			case <-stop:
				f()
				return
			}
		}
	}()
	c.stops = append(c.stops, func() {
		ticker.Stop()
		close(stop)
		<-stopped
	})
}

func (c *console) draw() {
	workers := "workers"
	if c.workers() == 1 {
		workers = "worker"
	}
	text := fmt.Sprintf("%d files, %d %s", c.counts.done.Load(), c.workers(), workers)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bar.Describe(text)
	_ = c.bar.Set64(c.counts.bytes.Load()) // a bar that cannot be drawn is no reason to fail
}

// resizer is the part of a pool that the keys control.
type resizer interface {
	More() error
	Less() error
}

// listen lets the keys + and - add and remove workers, if stdin is a terminal.
// The terminal hands out keys at once only in raw mode, in which Ctrl-C is a
// key, too: it calls interrupt.
func (c *console) listen(stdin io.Reader, pool resizer, interrupt context.CancelFunc) {
	tty, ok := stdin.(*os.File)
	if !ok || !isTerminal(stdin) {
		return
	}
	fd := int(tty.Fd())
	keys, err := cancelreader.NewReader(stdin)
	if err != nil {
		return // the program does without
	}
	before, err := term.MakeRaw(fd)
	if err != nil {
		keys.Close()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		readKeys(keys, pool, interrupt)
	}()
	c.stops = append(c.stops, func() {
		keys.Cancel()
		<-done
		keys.Close()
		_ = term.Restore(fd, before)
	})
}

// readKeys obeys the keys until there are no more.
func readKeys(keys io.Reader, pool resizer, interrupt context.CancelFunc) {
	const ctrlC = 3
	for key := make([]byte, 1); ; {
		if _, err := io.ReadFull(keys, key); err != nil {
			return
		}
		switch key[0] {
		case '+', '=': // the same key on many keyboards
			_ = pool.More()
		case '-':
			_ = pool.Less() // the last worker stays
		case ctrlC:
			interrupt()
		}
	}
}

// close ends the drawing and gives the terminal back.
func (c *console) close() {
	for _, stop := range slices.Backward(c.stops) {
		stop()
	}
	if c.bar != nil {
		fmt.Fprintln(c.tty) // leave the last picture
	}
}

// pastBar writes to a terminal on which there may be a bar, and which may be in
// raw mode: it clears the line, and begins each one at the left edge.
type pastBar struct {
	con *console
	w   io.Writer
}

func (p *pastBar) Write(b []byte) (int, error) {
	p.con.mu.Lock()
	defer p.con.mu.Unlock()
	if p.con.bar != nil {
		_ = p.con.bar.Clear()
	}
	if _, err := p.w.Write(bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))); err != nil {
		return 0, err
	}
	return len(b), nil
}

// isTerminal reports whether v is a file that is a terminal.
func isTerminal(v any) bool {
	f, ok := v.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
