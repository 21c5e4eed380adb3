package tasks

import (
	"crypto/rand"
	"fmt"
	"strings"
)

// An ID names a task: the name of its kind, a dot, and a name of its own, which is
// random or comes from [WithID]. An ID contains its kind, so it is all that is
// needed to look up the task.
type ID string

// NewID returns the ID of the task with the given name of its own, as Push with
// [WithID] would.
func NewID(kind, name string) ID { return ID(kind + "." + name) }

// Kind returns the name of the kind.
func (id ID) Kind() string {
	kind, _, _ := strings.Cut(string(id), ".")
	return kind
}

// Name returns what WithID got, or the random name.
func (id ID) Name() string {
	_, name, _ := strings.Cut(string(id), ".")
	return name
}

const (
	longestKind = 64
	longestName = 200
)

func randomID(kind string) ID { return NewID(kind, rand.Text()) }

func (id ID) check() error {
	if err := checkKind(id.Kind()); err != nil {
		return fmt.Errorf("%w (in the ID %q)", err, string(id))
	}
	return checkName("ID", id.Name())
}

func checkName(what, name string) error {
	if name == "" || len(name) > longestName {
		return fmt.Errorf("%w: %s %q: 1 to %d bytes are allowed", ErrInvalidName, what, name, longestName)
	}
	return nil
}

func checkKind(kind string) error {
	ok := kind != "" && len(kind) <= longestKind
	for _, c := range []byte(kind) {
		ok = ok && (alphanumeric(c) || c == '-' || c == '_')
	}
	if !ok {
		return fmt.Errorf("%w: kind %q: 1 to %d letters, digits, - and _ are allowed", ErrInvalidName, kind, longestKind)
	}
	return nil
}

func alphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// escape makes of a name one token of a subject: what is not a letter, a digit,
// -, _, @ or : becomes %XX.
func escape(name string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(name) {
		if alphanumeric(c) || strings.IndexByte("-_@:", c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

// unescape undoes escape. A token that escape did not make comes back as it is.
func unescape(token string) string {
	if strings.IndexByte(token, '%') < 0 {
		return token
	}
	var b strings.Builder
	for i := 0; i < len(token); i++ {
		if token[i] != '%' {
			b.WriteByte(token[i])
			continue
		}
		if i+2 >= len(token) {
			return token
		}
		hi, lo := nibble(token[i+1]), nibble(token[i+2])
		if hi < 0 || lo < 0 {
			return token
		}
		b.WriteByte(byte(hi<<4 | lo))
		i += 2
	}
	return b.String()
}

func nibble(c byte) int { return strings.IndexByte("0123456789ABCDEF", c) }
