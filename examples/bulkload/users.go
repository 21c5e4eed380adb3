package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/remuda-go/remuda"
)

type user struct {
	name string
	age  int
}

// users is a table.
type users struct {
	db     *sql.DB
	insrow *sql.Stmt
}

func openUsers(path string) (*users, error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(wal)&_pragma=synchronous(normal)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, age INTEGER)`); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	insrow, err := db.Prepare(`INSERT INTO users (name, age) VALUES (?, ?)`)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &users{db, insrow}, nil
}

// insert inserts a batch of users in one transaction, and returns their numbers. One
// whose name is taken fails alone: SQLite undoes that statement, and the transaction
// goes on. Any other error undoes all of it, and is that of all.
func (t *users) insert(ctx context.Context, batch []user) ([]int64, error) {
	tx, err := t.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() // does nothing after Commit
	insrow := tx.StmtContext(ctx, t.insrow)
	ids := make([]int64, len(batch))
	var taken []error
	for i, u := range batch {
		switch res, err := insrow.ExecContext(ctx, u.name, u.age); {
		case err == nil:
			ids[i], _ = res.LastInsertId()
		case isTaken(err):
			taken = append(taken, &remuda.InputError{Index: i, Err: fmt.Errorf("%s: %w", u.name, errTaken)})
		default:
			return nil, err
		}
	}
	if err := tx.Commit(); err != nil {
		return nil, err
	}
	return ids, errors.Join(taken...)
}

var errTaken = errors.New("the name is taken")

func isTaken(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE
}

func (t *users) Close() error { return errors.Join(t.insrow.Close(), t.db.Close()) }
