// Package ledger keeps accounts. It is the same for both consumers.
package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"sync"
)

// An Event changes an account. The events of an account are numbered from 1, and have
// to be applied in that order; one that goes below zero is refused.
type Event struct {
	Account string
	Seq     int
	Amount  int
}

// Events reads events, one JSON document each.
func Events(r io.Reader) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for dec := json.NewDecoder(r); ; {
			var e Event
			err := dec.Decode(&e)
			if errors.Is(err, io.EOF) || !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// An Account is where the events of an account have brought it.
type account struct{ balance, seq int }

// A Ledger is accounts. The zero Ledger has none. It is safe for concurrent use, but
// for two events of one account at a time.
type Ledger struct{ accounts sync.Map }

// ErrOverdrawn refuses an event.
var ErrOverdrawn = errors.New("overdrawn")

// Apply applies the next event of an account.
func (l *Ledger) Apply(_ context.Context, e Event) error {
	found, _ := l.accounts.LoadOrStore(e.Account, &account{})
	a := found.(*account) // not locked: the race detector sees two at a time
	if e.Seq != a.seq+1 {
		panic(fmt.Sprintf("event %d of %s came after %d", e.Seq, e.Account, a.seq))
	}
	a.seq = e.Seq
	if a.balance+e.Amount < 0 {
		return ErrOverdrawn
	}
	a.balance += e.Amount
	return nil
}

// Write writes the balance of each account, a line each, by name.
func (l *Ledger) Write(w io.Writer) error {
	balances := map[string]int{}
	l.accounts.Range(func(name, a any) bool {
		balances[name.(string)] = a.(*account).balance
		return true
	})
	for _, name := range slices.Sorted(maps.Keys(balances)) {
		if _, err := fmt.Fprintln(w, name, balances[name]); err != nil {
			return err
		}
	}
	return nil
}
