package migration_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/remuda-go/remuda"
)

func TestErrgroupForEach(t *testing.T) {
	for _, urls := range [][]string{{"/a", "/b"}, {"/a", "/gone"}} {
		g, ctx := errgroup.WithContext(t.Context())
		g.SetLimit(8)
		for _, url := range urls {
			g.Go(func() error { return fetch(ctx, url) })
		}
		err := g.Wait()
		theirs := err

		ctx = t.Context()
		err = nil
		{
			err := remuda.ForEach(ctx, 8, slices.Values(urls), fetch)
			require.Equal(t, theirs, err)
		}
	}
}

func TestErrgroupResults(t *testing.T) {
	ctx, urls := t.Context(), []string{"/a", "/b"}
	var g errgroup.Group
	theirs := make([]string, len(urls))
	for i, url := range urls {
		g.Go(func() error {
			pages := theirs
			page, err := load(ctx, url)
			pages[i] = page
			return err
		})
	}
	require.NoError(t, g.Wait())

	pages, err := remuda.DoAll(ctx, 8, urls, load)
	require.NoError(t, err)
	require.Equal(t, theirs, pages)

	var streamed []string
	for page, err := range remuda.Map(ctx, 8, slices.Values(urls), load) {
		require.NoError(t, err)
		streamed = append(streamed, page)
	}
	require.Equal(t, theirs, streamed)
}

// The pair in the README.
func sharedLimit(ctx context.Context, sem *semaphore.Weighted, urls []string) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, url := range urls {
		if err := sem.Acquire(ctx, 1); err != nil {
			break // don't forget to return this one
		}
		g.Go(func() error {
			defer sem.Release(1)
			return fetch(ctx, url)
		})
	}
	err := g.Wait()
	return err
}

func sharedPool(ctx context.Context, pool *remuda.Pool[string, remuda.Void], urls []string) error {
	group := pool.Group(ctx)
	for _, url := range urls {
		group.Send(url) // an error is also what Wait returns
	}
	err := group.Wait()
	return err
}

func TestErrgroupAndSemaphore(t *testing.T) {
	sem := semaphore.NewWeighted(8)
	pool, err := remuda.Start(8, remuda.NoOutput(fetch))
	require.NoError(t, err)
	defer func() { require.NoError(t, pool.Close(context.Background())) }()
	for _, urls := range [][]string{{"/a", "/b"}, {"/a", "/gone"}} {
		require.Equal(t, sharedLimit(t.Context(), sem, urls), sharedPool(t.Context(), pool, urls))
	}

	// What the README warns of: the caller has gone, and errgroup says that all is well.
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, sharedLimit(gone, sem, []string{"/a"}))
	require.ErrorIs(t, sharedPool(gone, pool, []string{"/a"}), context.Canceled)
}

func TestErrgroupTryGo(t *testing.T) {
	ctx, url := t.Context(), "/a"
	var g errgroup.Group
	g.SetLimit(0)
	ok := g.TryGo(func() error { return fetch(ctx, url) })
	require.False(t, ok)
	require.NoError(t, g.Wait())

	pool, err := remuda.StartWithConfig(remuda.Config{Paused: true, Queue: 1}, remuda.NoOutput(fetch))
	require.NoError(t, err)
	require.NoError(t, pool.TrySend(ctx, url))
	{
		err := pool.TrySend(ctx, url)
		require.True(t, errors.Is(err, remuda.ErrQueueFull))
	}
	require.NoError(t, pool.Close(ctx))
}

func TestErrgroupFunctions(t *testing.T) {
	ctx, url := t.Context(), "/gone"
	pool, err := remuda.Start(8, remuda.Call)
	require.NoError(t, err)
	group := pool.Group(ctx)
	_ = group.Send(func(ctx context.Context) error { return fetch(ctx, url) })
	require.ErrorIs(t, group.Wait(), errNotFound)
	require.NoError(t, pool.Close(ctx))
}
