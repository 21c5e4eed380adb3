package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRun(t *testing.T) {
	log, err := os.ReadFile("testdata/access.log")
	require.NoError(t, err)
	lines := slices.Insert(strings.SplitAfter(string(log), "\n"), 3, "this line is broken\n")
	var out, errs bytes.Buffer
	err = run(t.Context(), []string{"-key", "secret"}, strings.NewReader(strings.Join(lines, "")), &out, &errs)
	require.EqualError(t, err, "lines left out: 1")
	assert.Equal(t, "pipeline: line 4: not in the Common Log Format\n", errs.String())

	var got []entry
	for dec := json.NewDecoder(&out); dec.More(); {
		var e entry
		require.NoError(t, dec.Decode(&e))
		got = append(got, e)
	}
	require.Len(t, got, 4)
	assert.Equal(t, "GET /index.html HTTP/1.0", got[0].Request)
	assert.Equal(t, 200, got[0].Status)
	assert.EqualValues(t, 2326, got[0].Bytes)
	assert.Equal(t, "2000-10-10T13:55:36-07:00", got[0].Time.Format("2006-01-02T15:04:05Z07:00"))
	assert.EqualValues(t, 0, got[1].Bytes)
	assert.Equal(t, got[0].Client, got[2].Client, "one client, one pseudonym")
	assert.NotEqual(t, got[0].Client, got[1].Client)
	assert.NotContains(t, got[0].Client, "192")
}

const format = `192.0.2.%d - - [10/Oct/2000:13:55:36 -0700] "GET /%d HTTP/1.0" 200 1`

func TestOrder(t *testing.T) {
	const n = 20_000
	var in strings.Builder
	for i := range n {
		fmt.Fprintf(&in, format+"\n", i%256, i)
	}
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), nil, strings.NewReader(in.String()), &out, io.Discard))
	i := 0
	for line := range strings.Lines(out.String()) {
		require.Contains(t, line, fmt.Sprintf(`"GET /%d HTTP/1.0"`, i))
		i++
	}
	assert.Equal(t, n, i)
}

func TestParse(t *testing.T) {
	good := fmt.Sprintf(format, 1, 2)
	_, err := parse(good)
	require.NoError(t, err)
	for _, s := range []struct{ old, new string }{
		{"192.0.2.1", "host"}, {"Oct", "Foo"}, {" 200", " ok"}, {" 1", " x"}, {"] ", ""}, {`" 200 1`, `"`}, {good, ""},
	} {
		_, err := parse(strings.Replace(good, s.old, s.new, 1))
		assert.Error(t, err, s)
	}
}

func TestInputThatFails(t *testing.T) {
	worn := errors.New("worn out")
	in := io.MultiReader(strings.NewReader(fmt.Sprintf(format+"\n", 1, 2)), iotest.ErrReader(worn))
	var out bytes.Buffer
	require.ErrorIs(t, run(t.Context(), nil, in, &out, io.Discard), worn)
	assert.Equal(t, 1, strings.Count(out.String(), "\n"))
}

// endless is an input that cancels after a while.
type endless struct {
	lines  int
	cancel func()
}

func (e *endless) Read(p []byte) (int, error) {
	if e.lines++; e.lines == 1000 {
		e.cancel()
	}
	return copy(p, fmt.Sprintf(format+"\n", 1, e.lines)), nil
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var errs bytes.Buffer
	err := run(ctx, nil, &endless{cancel: cancel}, io.Discard, &errs)
	require.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, errs.String())
}

func TestOutputThatFails(t *testing.T) {
	closed, w := io.Pipe()
	closed.Close()
	err := run(t.Context(), nil, &endless{cancel: func() {}}, w, io.Discard)
	require.ErrorIs(t, err, io.ErrClosedPipe)
}
