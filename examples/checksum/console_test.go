package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/term"
)

// A screen is the other side of a terminal that the program runs on.
type screen struct {
	t    *testing.T
	ptmx *os.File
	read chan string
}

// openScreen opens a terminal. The program gets tty.
func openScreen(t *testing.T) (s *screen, tty *os.File) {
	t.Helper()
	ptmx, tty, err := pty.Open()
	if err != nil {
		t.Skip("there are no terminals here: ", err)
	}
	s = &screen{t: t, ptmx: ptmx, read: make(chan string, 10_000)}
	go func() {
		defer close(s.read)
		buf := make([]byte, 4096)
		for {
			n, err := ptmx.Read(buf)
			s.read <- string(buf[:n])
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		tty.Close()
		for range s.read { // ends now
		}
		ptmx.Close()
	})
	return s, tty
}

func (s *screen) press(keys string) {
	s.t.Helper()
	_, err := s.ptmx.WriteString(keys)
	require.NoError(s.t, err)
}

// wait reads until the screen shows the pattern, after what it showed before.
func (s *screen) wait(pattern string) {
	s.t.Helper()
	text, hung := "", time.After(time.Minute)
	for re := regexp.MustCompile(pattern); !re.MatchString(text); {
		select {
		case more := <-s.read:
			text += more
		case <-hung:
			s.t.Fatalf("waited in vain for %q in %q", pattern, text)
		}
	}
}

func TestKeysOnATerminal(t *testing.T) {
	dir := tree(t, "a", "b", "z")
	huge(t, filepath.Join(dir, "m"))
	s, tty := openScreen(t)
	before, err := term.GetState(int(tty.Fd()))
	require.NoError(t, err)

	var out strings.Builder
	status := make(chan int, 1)
	go func() { status <- run(t.Context(), []string{"-workers", "1", dir}, tty, &out, tty) }()

	s.wait(`2 files, 1 worker `)
	s.press("-")
	s.wait(`2 files, 1 worker `) // the last one stays
	s.press("+=")
	s.wait(`2 files, 3 workers .*B/s`)
	s.press("-x")
	s.wait(`2 files, 2 workers `)
	s.press("\x03")
	s.wait(`\x1b\[2K\rchecksum: interrupted after 2 files, the last of them ` + dir + `/b; what comes after it is not done: at least \d files\r\n`)
	assert.Equal(t, exitInterrupted, <-status)
	assert.Equal(t, []string{"a", "b"}, sortedNames(out.String()))

	after, err := term.GetState(int(tty.Fd()))
	require.NoError(t, err)
	assert.Equal(t, before, after, "the terminal is as it was")
}

// On a terminal the list is written past the progress, a line at a time.
func TestListOnATerminal(t *testing.T) {
	dir := tree(t, "a", "b")
	s, tty := openScreen(t)
	status := make(chan int, 1)
	go func() { status <- run(t.Context(), []string{dir}, tty, tty, tty) }()
	s.wait(`(?s)[0-9a-f]{64}  ` + dir + `/a\r\n.*[0-9a-f]{64}  ` + dir + `/b\r\n.*2 files`)
	assert.Equal(t, exitOK, <-status)
}
