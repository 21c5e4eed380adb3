// Package batches loads rows into SQLite, 500 in each transaction, in four ways: with
// remuda.StartBatches, with a channel and a timer by hand, with rill.Batch, and one row
// at a time. Some rows break a constraint, and must fail alone.
package batches

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

type user struct {
	name string
	age  int
}

// generate makes n users, of which every thousandth wants a name that is taken.
func generate(n int) iter.Seq[user] {
	return func(yield func(user) bool) {
		for i := range n {
			named := i
			if i%1000 == 999 {
				named = i - 1
			}
			if !yield(user{fmt.Sprintf("user-%d", named), i % 100}) {
				return
			}
		}
	}
}

// A table is where they go.
type table struct {
	db  *sql.DB
	row *sql.Stmt
}

func openTable(path string) (*table, error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(wal)&_pragma=synchronous(normal)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, age INTEGER)`); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	row, err := db.Prepare(`INSERT INTO users (name, age) VALUES (?, ?)`)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &table{db, row}, nil
}

func (t *table) close() error { return errors.Join(t.row.Close(), t.db.Close()) }

// count returns how many rows there are.
func (t *table) count() (n int, err error) {
	err = t.db.QueryRow(`SELECT COUNT(*) FROM users`).Scan(&n)
	return n, err
}

// insert inserts one user.
func (t *table) insert(ctx context.Context, u user) error {
	_, err := t.row.ExecContext(ctx, u.name, u.age)
	return err
}

// insertAll inserts users in one transaction, and calls taken for those that fail alone.
func (t *table) insertAll(ctx context.Context, users []user, taken func(i int, err error)) error {
	tx, err := t.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after Commit
	row := tx.StmtContext(ctx, t.row)
	for i, u := range users {
		if _, err := row.ExecContext(ctx, u.name, u.age); isTaken(err) {
			taken(i, err)
		} else if err != nil {
			return err
		}
	}
	return tx.Commit()
}

func isTaken(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE
}
