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

	"github.com/dustin/go-humanize"
	"github.com/muesli/cancelreader"
	"golang.org/x/term"
)

// A console is the program's terminal: a line of progress if standard error is a
// terminal, keys if standard input is one. The line is always the last one: what
// else is written goes above it.
type console struct {
	stdout, stderr io.Writer // to be used in place of the program's own
	watched        bool      // stdout is a terminal
	counts         *counts
	workers        func() int
	began          time.Time

	mu      sync.Mutex // guards what follows, and the order of what is written
	tty     *os.File   // where the progress is drawn, or nil
	drawn   bool       // the cursor is on the line of progress
	over    bool       // nothing is drawn any more
	midLine bool       // the cursor is on a line that is not complete yet
	rate    rate
	hint    string // how to change the number of workers, if that is possible

	stops []func() // undo what was started, the last first
}

// newConsole starts to draw the progress if stderr is a terminal.
func newConsole(stdout, stderr io.Writer, n *counts, workers func() int) *console {
	c := &console{stdout: stdout, stderr: stderr, counts: n, workers: workers, began: time.Now()}
	if isTerminal(stdout) {
		c.watched = true
		c.stdout = &aboveProgress{c, stdout}
	}
	if tty, ok := stderr.(*os.File); ok && isTerminal(stderr) {
		c.tty, c.stderr = tty, &aboveProgress{c, stderr}
		c.rate.add(c.began, 0)
		c.every(100*time.Millisecond, c.draw)
	}
	return c
}

// every calls f in intervals until the console is closed.
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
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.midLine || c.over {
		return
	}
	read := c.counts.bytes.Load()
	perSecond := c.rate.add(time.Now(), read)
	text := fmt.Sprintf("%d files, %s, %s/s, %s%s", c.counts.done.Load(),
		humanize.Bytes(uint64(read)), humanize.Bytes(perSecond), c.workersText(), c.hint)
	if width, _, err := term.GetSize(int(c.tty.Fd())); err == nil && width > 0 {
		text = text[:min(len(text), width-1)] // a line that wraps can't be cleared
	}
	c.clear()
	fmt.Fprint(c.tty, text)
	c.drawn = true
}

// clear removes the progress. The caller holds mu.
func (c *console) clear() {
	if c.drawn {
		fmt.Fprint(c.tty, "\r\x1b[2K")
		c.drawn = false
	}
}

// endProgress removes the progress for good.
func (c *console) endProgress() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clear()
	c.over = true
}

func (c *console) workersText() string {
	if n := c.workers(); n != 1 {
		return fmt.Sprint(n, " workers")
	}
	return "1 worker"
}

// resizer is the part of a pool that the keys control.
type resizer interface {
	More() error
	Less() error
}

// listen lets the keys + and - add and remove workers, if stdin is a terminal.
// A terminal hands out keys as they are pressed only in raw mode, in which Ctrl-C
// is a key, too: it calls interrupt.
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
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hint = " (press + or -)"
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

// close removes the progress and gives the terminal back. If all went well, a
// summary takes the place of the progress.
func (c *console) close(well bool) {
	for _, stop := range slices.Backward(c.stops) {
		stop()
	}
	if c.tty == nil {
		return
	}
	c.clear()
	if well {
		took, read := time.Since(c.began), uint64(c.counts.bytes.Load())
		fmt.Fprintf(c.tty, "%d files, %s in %s, %s/s, %s\n", c.counts.done.Load(), humanize.Bytes(read),
			took.Round(10*time.Millisecond), humanize.Bytes(uint64(float64(read)/took.Seconds())), c.workersText())
	}
}

// A rate is what was read a second, over the last two seconds.
type rate struct{ samples []sample }

type sample struct {
	at   time.Time
	read int64
}

// add takes a sample and returns the rate, in bytes a second.
func (r *rate) add(now time.Time, read int64) uint64 {
	r.samples = append(r.samples, sample{now, read})
	for now.Sub(r.samples[0].at) > 2*time.Second {
		r.samples = r.samples[1:]
	}
	first := r.samples[0]
	if took := now.Sub(first.at).Seconds(); took > 0 {
		return uint64(float64(read-first.read) / took)
	}
	return 0
}

// aboveProgress writes to a terminal that may have a line of progress and may be
// in raw mode: it clears that line first, and begins each line at the left edge.
type aboveProgress struct {
	con *console
	w   io.Writer
}

func (a *aboveProgress) Write(b []byte) (int, error) {
	a.con.mu.Lock()
	defer a.con.mu.Unlock()
	a.con.clear()
	if _, err := a.w.Write(bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))); err != nil {
		return 0, err
	}
	if len(b) > 0 {
		a.con.midLine = b[len(b)-1] != '\n'
	}
	return len(b), nil
}

// isTerminal reports whether v is a file that is a terminal.
func isTerminal(v any) bool {
	f, ok := v.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
