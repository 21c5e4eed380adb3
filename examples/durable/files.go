package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/middleware"
	"github.com/remuda-go/remuda/tasks"
)

// A file is to be hashed. Its task's ID is made of its path, its size and its time,
// so that it is one task however often the program is started, and another one
// once the file has changed.
type file struct {
	path string
	id   tasks.ID
}

// walk finds the regular files below dir, but for those of the store, in the order
// in which sort has them.
func walk(dir, store string) ([]file, error) {
	var files []file
	own, _ := os.Stat(store) // on the first start there is none
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case own != nil && os.SameFile(own, info):
			return fs.SkipDir
		case info.Mode().IsRegular():
			name := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d\x00%d", path, info.Size(), info.ModTime().UnixNano()))
			files = append(files, file{path, tasks.NewID(Sum.Name(), hex.EncodeToString(name[:]))})
		}
		return nil
	})
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(escape(a.path), escape(b.path)) })
	return files, err
}

// sum is the job: the checksum of the file at path. That the file can't be read is
// for good.
func (o options) sum(ctx context.Context, path []byte) ([]byte, error) {
	if name := string(path); o.poison != "" && (filepath.Base(name) == o.poison || name == filepath.Join(o.dir, o.poison)) {
		os.Exit(exitPoisoned)
	}
	f, err := os.Open(string(path))
	if err != nil {
		return nil, middleware.Permanent(err)
	}
	defer f.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, readerFunc(func(p []byte) (int, error) {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		return f.Read(p)
	})); err != nil {
		return nil, err
	}
	return hash.Sum(nil), nil
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// A progress tells every few seconds how far the program is.
type progress struct {
	stderr io.Writer
	last   time.Time
}

func (p *progress) tell(n int, files []file, what string) {
	if now := time.Now(); now.Sub(p.last) >= 5*time.Second {
		p.last = now
		fmt.Fprintf(p.stderr, "durable: %d of %d %s\n", n, len(files), what)
	}
}

// An outcome is what has become of a file: its checksum, or why there is none. The zero
// outcome is that of a task that has yet to end.
type outcome struct {
	sum    []byte
	failed error
}

func (o outcome) ended() bool { return o.sum != nil || o.failed != nil }

// outcomeOf makes an outcome of what Result or Wait returns.
func outcomeOf(sum []byte, err error) (outcome, error) {
	var given *tasks.TaskError
	switch {
	case errors.As(err, &given):
		return outcome{failed: err}, nil
	case errors.Is(err, tasks.ErrNotDone):
		return outcome{}, nil
	}
	return outcome{sum: sum}, err
}

// pushAll pushes a task for each file that has none, many at a time. It returns the
// outcomes of those that have ended already, so that nobody has to ask again.
func pushAll(ctx context.Context, client *tasks.Client, files []file, p *progress) ([]outcome, error) {
	pool, err := remuda.NewWithConfig[file, outcome](remuda.Config{Name: "push", Initial: 16, Queue: remuda.Unbuffered})
	if err != nil {
		return nil, err
	}
	push := remuda.Func(func(ctx context.Context, f file) (outcome, error) {
		// To ask is cheaper than to push what is there already.
		sum, err := Sum.Result(ctx, client, f.id)
		if !errors.Is(err, tasks.ErrNotFound) {
			return outcomeOf(sum, err)
		}
		_, err = Sum.Push(ctx, client, []byte(f.path), tasks.WithID(f.id.Name()))
		if duplicate := (*tasks.DuplicateError)(nil); errors.As(err, &duplicate) {
			err = nil // it has ended between the two
		}
		return outcome{}, err
	})
	if err := pool.Start(push); err != nil {
		return nil, err
	}
	defer func() { _ = pool.Close(context.WithoutCancel(ctx)) }()
	outcomes := make([]outcome, 0, len(files))
	for o, err := range pool.Map(ctx, slices.Values(files)) {
		if err != nil {
			return nil, err
		}
		outcomes = append(outcomes, o)
		p.tell(len(outcomes), files, "are stored")
	}
	return outcomes, ctx.Err()
}

// waitAll waits for the outcomes that are missing.
func waitAll(ctx context.Context, client *tasks.Client, files []file, outcomes []outcome, p *progress) (err error) {
	for i, f := range files {
		if !outcomes[i].ended() { // for most of them there is nothing to wait for any more
			outcomes[i], err = outcomeOf(Sum.Result(ctx, client, f.id))
		}
		if err == nil && !outcomes[i].ended() {
			outcomes[i], err = outcomeOf(Sum.Wait(ctx, client, f.id))
		}
		if err != nil {
			return err
		}
		p.tell(i+1, files, "are done")
	}
	return nil
}

// printAll prints the checksums, and returns how many files have none.
func printAll(files []file, outcomes []outcome, stdout, stderr io.Writer) (failed int, err error) {
	w := bufio.NewWriter(stdout)
	for i, f := range files {
		if err := outcomes[i].failed; err != nil {
			failed++
			fmt.Fprintf(stderr, "durable: %s: %v\n", f.path, err)
			continue
		}
		mark, path := "", escape(f.path)
		if path != f.path {
			mark = `\` // as sha256sum says that the name is escaped
		}
		fmt.Fprintf(w, "%s%x  %s\n", mark, outcomes[i].sum, path)
	}
	return failed, w.Flush()
}

// escape writes a path as sha256sum does.
func escape(path string) string {
	path = strings.ReplaceAll(path, `\`, `\\`)
	path = strings.ReplaceAll(path, "\n", `\n`)
	return strings.ReplaceAll(path, "\r", `\r`)
}
