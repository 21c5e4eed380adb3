package safeerr_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda/internal/safeerr"
)

// faulty is an error each of whose methods panics: it is used behind a nil
// pointer.
type faulty struct{ err error }

func (f *faulty) Error() string   { return f.err.Error() }
func (f *faulty) Unwrap() error   { return f.err }
func (f *faulty) Is(e error) bool { return f.err == e }

func TestSoundErrors(t *testing.T) {
	err := fmt.Errorf("wrapped: %w", &fs.PathError{Op: "read", Err: io.EOF})
	require.True(t, safeerr.Is(err, io.EOF))
	require.False(t, safeerr.Is(err, io.ErrNoProgress))
	found, ok := safeerr.AsType[*fs.PathError](err)
	require.True(t, ok)
	require.Equal(t, "read", found.Op)
	_, ok = safeerr.AsType[*faulty](err)
	require.False(t, ok)
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = safeerr.AsType[*fs.PathError](err) }))
}

func TestErrorsThatPanic(t *testing.T) {
	for _, err := range []error{(*faulty)(nil), errors.Join(io.ErrNoProgress, (*faulty)(nil))} {
		require.False(t, safeerr.Is(err, io.EOF))
		_, ok := safeerr.AsType[*fs.PathError](err)
		require.False(t, ok)
	}
}
