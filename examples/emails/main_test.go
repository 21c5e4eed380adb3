package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A console is what the program prints, while it runs.
type console struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.buf.Write(p)
}

func (c *console) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.buf.String()
}

func TestEmails(t *testing.T) {
	dir := t.TempDir()
	outbox := filepath.Join(dir, "outbox")
	emails := func(ctx context.Context, out *console, args ...string) {
		t.Helper()
		require.NoError(t, run(ctx, append([]string{"-store", filepath.Join(dir, "store"), "-outbox", outbox}, args...), out, io.Discard))
	}
	// until lets the worker run until it has printed something.
	until := func(text string) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		out := &console{}
		stop := make(chan struct{})
		go func() {
			defer close(stop)
			for !strings.Contains(out.String(), text) && ctx.Err() == nil {
				time.Sleep(5 * time.Millisecond)
			}
			cancel()
		}()
		emails(ctx, out, "work")
		<-stop
		require.Contains(t, out.String(), text)
		return out.String()
	}

	out := &console{}
	for range 2 {
		emails(t.Context(), out, "push", "7", "ann@example.org")
	}
	emails(t.Context(), out, "push", "8", "nobody")
	assert.Equal(t, 3, strings.Count(out.String(), "is stored"), "a mail that waits is pushed once more: %s", out)

	printed := until("attempt 5") // the mail server is away
	assert.Contains(t, printed, "send.8 to nobody, attempt 1: ")
	out = &console{}
	emails(t.Context(), out, "dead")
	assert.Contains(t, out.String(), "send.7 after 5 attempts: the mail server is away")
	assert.Contains(t, out.String(), `send.8 after 1 attempts`)

	require.NoError(t, os.Mkdir(outbox, 0o755))
	emails(t.Context(), &console{}, "redrive")
	until("send.7 to ann@example.org, attempt 1: sent")
	mail, err := os.ReadFile(filepath.Join(outbox, "send.7"))
	require.NoError(t, err)
	assert.Contains(t, string(mail), "Your order 7")
	out = &console{}
	emails(t.Context(), out, "push", "7", "ann@example.org")
	assert.Contains(t, out.String(), "was there already")

	require.Error(t, run(t.Context(), []string{"-store", filepath.Join(dir, "store"), "nonsense"}, out, io.Discard))
}
