// Package rows reads customers from CSV and writes them to SQLite. It is the same for
// both importers.
package rows

import (
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"

	_ "github.com/mattn/go-sqlite3" // registers the driver
)

// A Row is a line of the file.
type Row struct {
	Line            int
	ID, Name, Email string
}

// Read reads rows. One that has too few fields or too many is an error, and not the
// last row.
func Read(r io.Reader) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		in := csv.NewReader(r)
		in.FieldsPerRecord = 3
		for {
			fields, err := in.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			var row Row
			if err == nil {
				line, _ := in.FieldPos(0)
				row = Row{line, fields[0], fields[1], fields[2]}
			}
			if !yield(row, err) || err != nil && !errors.Is(err, csv.ErrFieldCount) {
				return
			}
		}
	}
}

// Open opens the database with an empty table.
func Open(ctx context.Context, path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite3", path+"?_busy_timeout=60000&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	_, err = db.ExecContext(ctx, `CREATE TABLE customers (id INTEGER PRIMARY KEY CHECK (typeof(id) = 'integer'), name TEXT, email TEXT) STRICT`)
	return db, err
}

// Insert inserts a row.
func Insert(ctx context.Context, tx *sql.Tx, row Row) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO customers VALUES (?, ?, ?)`, row.ID, row.Name, row.Email)
	if err != nil {
		return fmt.Errorf("line %d: %w", row.Line, err)
	}
	return nil
}
