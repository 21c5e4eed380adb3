package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRun(t *testing.T) {
	var in strings.Builder
	for i := range 10_001 {
		in.WriteString(strconv.Itoa(i) + "\n")
	}
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), nil, strings.NewReader(in.String()), &out, io.Discard))
	assert.Equal(t, "10001 messages, sum 50005000\n", out.String())
}

func TestNoMessages(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), nil, strings.NewReader(""), &out, io.Discard))
	assert.Equal(t, "0 messages, sum 0\n", out.String())
}

func TestFirstErrorEndsIt(t *testing.T) {
	err := run(t.Context(), nil, strings.NewReader("1\nx\n"+strings.Repeat("1\n", 1_000_000)), io.Discard, io.Discard)
	require.ErrorIs(t, err, strconv.ErrSyntax)
}

func TestProducerFails(t *testing.T) {
	var out bytes.Buffer
	worn := errors.New("worn out")
	err := run(t.Context(), nil, io.MultiReader(strings.NewReader("1\n2\n"), iotest.ErrReader(worn)), &out, io.Discard)
	require.ErrorIs(t, err, worn)
	assert.Equal(t, "2 messages, sum 3\n", out.String())
}

func TestInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		stdin, keyboard := io.Pipe()
		var out bytes.Buffer
		ended := make(chan error, 1)
		go func() { ended <- run(ctx, nil, stdin, &out, io.Discard) }()
		_, err := io.WriteString(keyboard, "1\n2\n3\n")
		require.NoError(t, err)
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
		assert.Equal(t, "3 messages, sum 6\n", out.String())
		require.NoError(t, keyboard.Close())
	})
}
