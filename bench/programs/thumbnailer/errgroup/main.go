// Thumbnailer makes thumbnails of all files in a directory, and says how far it is.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/remuda-go/remuda/bench/programs/internal/thumb"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1], os.Args[2])
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, from, to string) error {
	files, err := filepath.Glob(filepath.Join(from, "*"))
	if err != nil {
		return err
	}
	var g errgroup.Group // without a context, since one that fails does not stop the others
	g.SetLimit(4)
	var mu sync.Mutex // guards done and failed
	done, failed := 0, 0
	for _, file := range files {
		g.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			err := thumb.File(ctx, file, filepath.Join(to, filepath.Base(file)+".png"))
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				done++
				log.Printf("%d of %d: %s", done, len(files), file)
			} else if ctx.Err() == nil {
				failed++
				log.Printf("failed: %s: %v", file, err)
			}
			return nil
		})
	}
	_ = g.Wait()
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted after %d of %d", done, len(files))
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d failed", failed, len(files))
	}
	return nil
}
