// Package migration_test runs what docs/migration says about libraries that bench
// requires: each piece of code in the tables, theirs and ours, is in these files. A test
// of the root module holds the tables against the files.
package migration_test

import (
	"context"
	"errors"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/panjf2000/ants/v2.(*poolCommon).purgeStaleWorkers"),
		goleak.IgnoreAnyFunction("github.com/panjf2000/ants/v2.(*poolCommon).ticktock")) // those of its default pool
}

var errNotFound = errors.New("not found")

func fetch(_ context.Context, url string) error {
	if url == "/gone" {
		return errNotFound
	}
	return nil
}

func load(ctx context.Context, url string) (string, error) {
	return "page of " + url, fetch(ctx, url)
}

func square(_ context.Context, n int) (int, error) { return n * n, nil }
