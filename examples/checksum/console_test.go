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
func (s *screen) wait(pattern string) (text string) {
	s.t.Helper()
	hung := time.After(time.Minute)
	for re := regexp.MustCompile(pattern); !re.MatchString(text); {
		select {
		case more := <-s.read:
			text += more
		case <-hung:
			s.t.Fatalf("waited in vain for %q in …%q", pattern, text[max(0, len(text)-500):])
		}
	}
	return text
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

	s.wait(`2 files, \S+ \w+, \S+ \w+/s, 1 worker \(press \+ or -\)`)
	s.press("-")
	s.wait(`2 files, .*, 1 worker `) // the last one stays
	s.press("+=")
	s.wait(`2 files, .*/s, 3 workers `)
	s.press("-x")
	s.wait(`2 files, .*/s, 2 workers `)
	s.press("\x03")
	s.wait(`\r\x1b\[2Kchecksum: interrupted after 2 files, the last of them ` + dir + `/b; what comes after it is not done: at least \d files\r\n`)
	assert.Equal(t, exitInterrupted, <-status)
	assert.Equal(t, []string{"a", "b"}, sortedNames(out.String()))

	after, err := term.GetState(int(tty.Fd()))
	require.NoError(t, err)
	assert.Equal(t, before, after, "the terminal is as it was")
}

// On a terminal the list is written above the progress, a line at a time, and a
// summary is the last line.
func TestListOnATerminal(t *testing.T) {
	dir := tree(t, "a", "b", "c", "d", "e", "f", "g", "h")
	s, tty := openScreen(t)
	status := make(chan int, 1)
	go func() { status <- run(t.Context(), []string{"-workers", "2", "-slow", "150ms", dir}, tty, tty, tty) }()
	text := s.wait(`8 files, 8 B in \S+s, \d+ B/s, 2 workers\r\n`)
	require.Equal(t, exitOK, <-status)
	require.Contains(t, text, "workers (press + or -)", "there was progress")
	lines := shown(text)
	require.Len(t, lines, 9)
	for i, line := range lines[:8] {
		assert.Regexp(t, `^[0-9a-f]{64}  `+dir+`/`+string(rune('a'+i))+`$`, line)
	}
	assert.Regexp(t, `^8 files, 8 B in `, lines[8])
}

// Nothing comes after the error that ended the program, and nothing is left of
// the progress.
func TestNothingAfterAnError(t *testing.T) {
	for name, args := range map[string][]string{
		"no directory": {"-slow", "300ms", "/nowhere"},
		"no list":      {"-c", "/nowhere"},
		"failed":       {"-slow", "300ms", "-c", "-"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := tree(t, "a")
			s, tty := openScreen(t)
			list := strings.NewReader(strings.Repeat("0", 64) + "  " + dir + "/a\n")
			status := run(t.Context(), args, list, &strings.Builder{}, tty)
			assert.Equal(t, exitFailed, status)
			lines := shown(s.wait(`checksum: .*\r\n(.*\x1b\[2K)?$`))
			require.Len(t, lines, 1)
			assert.Regexp(t, `^checksum: `, lines[0])
		})
	}
}

// shown returns the lines that a terminal shows after text was written to it.
func shown(text string) (lines []string) {
	for line := range strings.SplitSeq(text, "\n") {
		line = line[strings.LastIndex(line, "\x1b[2K")+1:]
		line = strings.TrimPrefix(line, "[2K")
		if line = strings.TrimSuffix(line, "\r"); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

func TestRate(t *testing.T) {
	var r rate
	at := time.Now()
	assert.Equal(t, uint64(0), r.add(at, 0))
	assert.Equal(t, uint64(1000), r.add(at.Add(100*time.Millisecond), 100), "from the first tenth of a second on")
	assert.Equal(t, uint64(1000), r.add(at.Add(time.Second), 1000))
	assert.Equal(t, uint64(1000), r.add(at.Add(2*time.Second), 2000))
	assert.Equal(t, uint64(500), r.add(at.Add(4*time.Second), 3000), "what was two seconds ago no longer counts")
}
