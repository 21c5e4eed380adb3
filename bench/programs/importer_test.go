package programs_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/mattn/go-sqlite3" // registers the driver
	"github.com/stretchr/testify/require"
)

// customers returns a file of customers with faults: a field too many, an id that is no
// number, and one that was there before. Each costs its own row.
func customers(n int) (file string, bad int) {
	var lines strings.Builder
	for i := range n {
		switch i % 1000 {
		case 111:
			fmt.Fprintf(&lines, "%d,too,many,fields\n", i)
		case 222:
			fmt.Fprintf(&lines, "no number,Name %d,mail\n", i)
		case 333:
			fmt.Fprintf(&lines, "%d,Again %d,mail\n", i-1, i)
		default:
			fmt.Fprintf(&lines, "%d,\"Name, %d\",name%d@example.com\n", i, i, i)
			continue
		}
		bad++
	}
	return lines.String(), bad
}

func TestImporter(t *testing.T) {
	const n = 5000
	file, bad := customers(n)
	inEachWay(t, "importer", func(t *testing.T, program string) {
		dir := t.TempDir()
		from, to := filepath.Join(dir, "customers.csv"), filepath.Join(dir, "customers.db")
		write(t, from, file)
		got := runProgram(t, "", program, from, to)
		require.Equal(t, 0, got.status, got.stderr)
		require.Contains(t, got.stderr, fmt.Sprintf("%d inserted, %d failed\n", n-bad, bad))
		require.Equal(t, bad, strings.Count(got.stderr, "failed: line ")+strings.Count(got.stderr, "failed: record on line "))

		db, err := sql.Open("sqlite3", to)
		require.NoError(t, err)
		defer db.Close()
		var count, names int
		require.NoError(t, db.QueryRow(`SELECT count(*) FROM customers`).Scan(&count))
		require.NoError(t, db.QueryRow(`SELECT count(*) FROM customers WHERE name = 'Name, ' || id AND email = 'name' || id || '@example.com'`).Scan(&names))
		require.Equal(t, n-bad, count)
		require.Equal(t, n-bad, names)
	})
}

// After Ctrl-C what is in the database is what it has said.
func TestImporterInterrupted(t *testing.T) {
	file, _ := customers(200_000)
	inEachWay(t, "importer", func(t *testing.T, program string) {
		dir := t.TempDir()
		from, to := filepath.Join(dir, "customers.csv"), filepath.Join(dir, "customers.db")
		write(t, from, file)
		p := start(t, nil, program, from, to)
		p.await(t, "failed: ")
		status, log := p.interrupt(t)
		require.Equal(t, 1, status, log)
		db, err := sql.Open("sqlite3", to)
		require.NoError(t, err)
		defer db.Close()
		var count int
		require.NoError(t, db.QueryRow(`SELECT count(*) FROM customers`).Scan(&count))
		require.Contains(t, log, fmt.Sprintf(" %d inserted, ", count))
	})
}
