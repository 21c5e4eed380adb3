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

// pushAll pushes a task for each file that has none, many at a time.
func pushAll(ctx context.Context, client *tasks.Client, files []file, p *progress) error {
	pool, err := remuda.NewWithConfig[file, remuda.Void](remuda.Config{Name: "push", Initial: 16, Queue: remuda.Unbuffered})
	if err != nil {
		return err
	}
	push := remuda.Func(func(ctx context.Context, f file) (none remuda.Void, err error) {
		// To ask is cheaper than to push what is there already.
		if _, err := Sum.Result(ctx, client, f.id); !errors.Is(err, tasks.ErrNotFound) {
			return none, nil
		}
		_, err = Sum.Push(ctx, client, []byte(f.path), tasks.WithID(f.id.Name()))
		if duplicate := (*tasks.DuplicateError)(nil); errors.As(err, &duplicate) {
			return none, nil
		}
		return none, err
	})
	if err := pool.Start(push); err != nil {
		return err
	}
	defer func() { _ = pool.Close(context.WithoutCancel(ctx)) }()
	pushed := 0
	for _, err := range pool.Map(ctx, slices.Values(files)) {
		if err != nil {
			return err
		}
		pushed++
		p.tell(pushed, files, "are stored")
	}
	return ctx.Err()
}

// printAll waits for all results before it prints the first, so that there is
// either the whole list or nothing.
func printAll(ctx context.Context, client *tasks.Client, files []file, stdout io.Writer, p *progress) (failed int, err error) {
	sums := make([][]byte, len(files))
	for i, f := range files {
		sum, err := Sum.Result(ctx, client, f.id)
		if errors.Is(err, tasks.ErrNotDone) {
			sum, err = Sum.Wait(ctx, client, f.id)
		}
		var dead *tasks.TaskError
		switch {
		case errors.As(err, &dead):
			failed++
			fmt.Fprintf(p.stderr, "durable: %s: %v\n", f.path, err)
		case err != nil:
			return failed, err
		default:
			sums[i] = sum
		}
		p.tell(i+1, files, "are done")
	}
	w := bufio.NewWriter(stdout)
	for i, f := range files {
		if sums[i] == nil {
			continue
		}
		mark, path := "", escape(f.path)
		if path != f.path {
			mark = `\` // as sha256sum says that the name is escaped
		}
		fmt.Fprintf(w, "%s%x  %s\n", mark, sums[i], path)
	}
	return failed, w.Flush()
}

// escape writes a path as sha256sum does.
func escape(path string) string {
	path = strings.ReplaceAll(path, `\`, `\\`)
	path = strings.ReplaceAll(path, "\n", `\n`)
	return strings.ReplaceAll(path, "\r", `\r`)
}
