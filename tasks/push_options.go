package tasks

import (
	"fmt"
	"time"
)

// A PushOption is a choice about one task, for [Kind.Push].
type PushOption func(p *push, now time.Time)

// WithID gives the task a name of its own, so that it is one task however often it
// is pushed: Push returns nil as long as it waits or runs, and a [*DuplicateError]
// once it has ended, for as long as its ID is remembered ([Keep]). The ID is
// NewID(kind, name).
func WithID(name string) PushOption {
	return func(p *push, _ time.Time) { p.id, p.fresh = NewID(p.id.Kind(), name), false }
}

// At makes the task run at t, or as soon after that as a worker is free. A time in
// the past means now.
func At(t time.Time) PushOption {
	return func(p *push, now time.Time) {
		if t.After(now) {
			p.due = t
		}
	}
}

// After makes the task run when d has passed.
func After(d time.Duration) PushOption {
	return func(p *push, now time.Time) {
		if d > 0 {
			p.due = now.Add(d)
		}
	}
}

// Expires says that the task is of no use after t. One that has not ended by
// then ends as [Expired]; its run's context has t as its deadline.
func Expires(t time.Time) PushOption {
	return func(p *push, _ time.Time) { p.expires = t }
}

// Unique allows one task with the key in the kind at a time. While one that has
// not ended holds the key, Push returns a [*DuplicateError] with its ID.
func Unique(key string) PushOption {
	return func(p *push, _ time.Time) {
		if p.key = key; p.err == nil {
			p.err = checkName("unique key", key)
		}
	}
}

// Header adds a value to the task that the job can read from [Run.Header], such
// as the context of a trace. Names that begin with Nats- or Remuda- are refused.
func Header(name, value string) PushOption {
	return func(p *push, _ time.Time) { p.addHeader(name, value) }
}

// Headers is Header for each of the values.
func Headers(values map[string]string) PushOption {
	return func(p *push, _ time.Time) {
		for name, value := range values {
			p.addHeader(name, value)
		}
	}
}

func (p *push) addHeader(name, value string) {
	if reserved(name) || !validHeader(name, value) {
		p.err = fmt.Errorf("%w: header %q", ErrInvalidName, name)
		return
	}
	if p.header == nil {
		p.header = make(map[string][]string)
	}
	p.header.Add(name, value)
}

// validHeader keeps out what would break the encoding of headers.
func validHeader(name, value string) bool {
	for _, c := range []byte(name) {
		if c <= ' ' || c >= 0x7f || c == ':' {
			return false
		}
	}
	for _, c := range []byte(value) {
		if c == '\r' || c == '\n' {
			return false
		}
	}
	return name != ""
}
