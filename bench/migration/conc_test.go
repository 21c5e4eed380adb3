package migration_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/sourcegraph/conc/iter"
	"github.com/sourcegraph/conc/panics"
	"github.com/sourcegraph/conc/pool"
	"github.com/sourcegraph/conc/stream"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

func TestConcFunctions(t *testing.T) {
	ctx := t.Context()
	var theirs, ours atomic.Int32
	{
		f := func() { theirs.Add(1) }
		p := pool.New().WithMaxGoroutines(8)
		for range 3 {
			p.Go(f)
		}
		p.Wait()
	}
	{
		f := func(context.Context) error { ours.Add(1); return nil }
		jobs, err := remuda.Start(8, remuda.Call)
		require.NoError(t, err)
		for range 3 {
			require.NoError(t, jobs.Send(ctx, f))
		}
		require.NoError(t, jobs.Wait(ctx))
		require.NoError(t, jobs.Close(ctx))
	}
	require.Equal(t, theirs.Load(), ours.Load())
}

func TestConcUpToTheFirstError(t *testing.T) {
	ctx, urls := t.Context(), []string{"/a", "/gone"}
	p := pool.New().WithContext(ctx).WithCancelOnError().WithFirstError().WithMaxGoroutines(8)
	for _, url := range urls {
		p.Go(func(ctx context.Context) error { return fetch(ctx, url) })
	}
	require.ErrorIs(t, p.Wait(), errNotFound)

	err := remuda.ForEach(ctx, 8, slices.Values(urls), fetch)
	require.ErrorIs(t, err, errNotFound)

	jobs, err := remuda.Start(8, remuda.NoOutput(fetch))
	require.NoError(t, err)
	group := jobs.Group(ctx)
	for _, url := range urls {
		_ = group.Send(url)
	}
	require.ErrorIs(t, group.Wait(), errNotFound)
	require.NoError(t, jobs.Close(ctx))
}

func TestConcResults(t *testing.T) {
	ctx, urls := t.Context(), []string{"/a", "/b", "/c"}
	loadOne := func(url *string) (string, error) { return load(ctx, *url) }
	mapped, err := iter.Mapper[string, string]{MaxGoroutines: 8}.MapErr(urls, loadOne)
	require.NoError(t, err)

	p := pool.NewWithResults[string]().WithErrors().WithMaxGoroutines(8)
	for _, url := range urls {
		p.Go(func() (string, error) { return load(ctx, url) })
	}
	pooled, err := p.Wait()
	require.NoError(t, err)
	require.ElementsMatch(t, mapped, pooled)

	var streamed []string
	s := stream.New().WithMaxGoroutines(8)
	for _, url := range urls {
		task := func() stream.Callback {
			page, err := load(ctx, url)
			return func() { require.NoError(t, err); streamed = append(streamed, page) }
		}
		s.Go(task)
	}
	s.Wait()
	require.Equal(t, mapped, streamed)

	var seen atomic.Int32
	see := func(*string) { seen.Add(1) }
	iter.Iterator[string]{MaxGoroutines: 8}.ForEach(urls, see)
	require.EqualValues(t, len(urls), seen.Load())

	{
		pages, err := remuda.DoAll(ctx, 8, urls, load)
		require.NoError(t, err)
		require.Equal(t, mapped, pages)
	}
	var pages []string
	for page, err := range remuda.Map(ctx, 8, slices.Values(urls), load) {
		require.NoError(t, err)
		pages = append(pages, page)
	}
	require.Equal(t, mapped, pages)
}

func TestConcPanics(t *testing.T) {
	f := func() { panic("oh") }
	require.Error(t, panics.Try(f).AsError())
	p := pool.New().WithMaxGoroutines(8)
	p.Go(f)
	require.Panics(t, p.Wait)

	jobs, err := remuda.Start(1, remuda.Call)
	require.NoError(t, err)
	_, err = jobs.Do(t.Context(), func(context.Context) error { f(); return nil })
	var pe *remuda.PanicError
	require.ErrorAs(t, err, &pe)
	require.NoError(t, jobs.Close(t.Context()))
}
