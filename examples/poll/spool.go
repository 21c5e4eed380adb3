//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A spool is a directory of files to work on. Those that somebody works on are
// in "work" under it, and the finished ones in "done". A file moves by being
// renamed, which succeeds for one worker only.
type spool struct{ dir string }

func openSpool(dir string) (spool, error) {
	for _, sub := range []string{"work", "done"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return spool{}, err
		}
	}
	return spool{dir}, nil
}

// take returns the name of a file that nobody else has, or "" if there is none.
func (s spool) take() (string, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		err := s.move(e.Name(), "", "work")
		if errors.Is(err, fs.ErrNotExist) {
			continue // another was quicker
		}
		return e.Name(), err
	}
	return "", nil
}

func (s spool) done(name string) error    { return s.move(name, "work", "done") }
func (s spool) putBack(name string) error { return s.move(name, "work", "") }

func (s spool) move(name, from, to string) error {
	return os.Rename(filepath.Join(s.dir, from, name), filepath.Join(s.dir, to, name))
}

// countLines counts the lines of a file that was taken, until ctx ends.
func (s spool) countLines(ctx context.Context, name string) (int, error) {
	f, err := os.Open(filepath.Join(s.dir, "work", name))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	lines, buf := 0, make([]byte, 64<<10)
	for {
		n, err := f.Read(buf)
		lines += bytes.Count(buf[:n], []byte("\n"))
		switch {
		case err == io.EOF:
			return lines, nil
		case err != nil:
			return 0, err
		case ctx.Err() != nil:
			return 0, ctx.Err()
		}
	}
}
