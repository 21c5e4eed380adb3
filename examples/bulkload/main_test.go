package main

import (
	"bytes"
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.db")
	var out, errs bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-rows", "10250", path}, &out, &errs))
	require.Equal(t, "10240 rows inserted, 10 failed\n", out.String())
	require.Contains(t, errs.String(), "bulkload: user-998: the name is taken\n")

	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer db.Close()
	var n, distinct int
	require.NoError(t, db.QueryRow(`SELECT COUNT(*), COUNT(DISTINCT name) FROM users`).Scan(&n, &distinct))
	require.Equal(t, 10240, n)
	require.Equal(t, 10240, distinct)
}

// What is not in a table is said to have failed: the batch is undone as a whole.
func TestCancelled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.db")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs bytes.Buffer
	require.ErrorIs(t, run(ctx, []string{"-rows", "1000", path}, &out, &errs), context.Canceled)
	require.Empty(t, out.String())
}

func TestBadBatch(t *testing.T) {
	var out, errs bytes.Buffer
	require.ErrorContains(t, run(t.Context(), []string{"-batch", "0", filepath.Join(t.TempDir(), "users.db")}, &out, &errs), "a batch of 0")
}
