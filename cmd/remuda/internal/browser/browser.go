// Package browser is a headless Chromium for tests.
package browser

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// CI in the environment makes a test fail that would be skipped for want of a
// browser.
const CI = "REMUDA_CI"

var names = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// Find returns the path of a browser, and "" if there is none. Where there must be
// one, the test fails.
func Find(t testing.TB) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv(CI) != "" {
		require.FailNow(t, "there is no chromium, and "+CI+" is set: apt-get install chromium")
	}
	return ""
}

// A Tab is an open page. Its methods end the test if they fail.
type Tab struct {
	t   testing.TB
	ctx context.Context
}

// Open returns a tab of a browser that ends with the test, which is skipped where there
// is no browser. What a page does must not take longer than limit, all in all.
func Open(t testing.TB, limit time.Duration) *Tab {
	t.Helper()
	path := Find(t)
	if path == "" {
		t.Skip("there is no chromium here: apt-get install chromium; with " + CI + " set, this fails")
	}
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.Flag("disable-dev-shm-usage", true))
	if os.Geteuid() == 0 {
		flags = append(flags, chromedp.NoSandbox)
	}
	alloc, stop := chromedp.NewExecAllocator(context.Background(), flags...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	t.Cleanup(func() { _ = chromedp.Cancel(ctx) }) // waits until it has ended
	require.NoError(t, chromedp.Do(ctx), "chromium does not start")
	bound, end := context.WithTimeout(ctx, limit)
	t.Cleanup(end)
	return &Tab{t: t, ctx: bound}
}

// Context is for what has no method.
func (b *Tab) Context() context.Context { return b.ctx }

func (b *Tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		require.NoError(b.t, err, "%s\n%s", what, b.seen())
	}
}

// seen is what is to be seen when something went wrong.
func (b *Tab) seen() string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(b.ctx), time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
	if err != nil {
		return err.Error()
	}
	return text
}

// Go loads a page.
func (b *Tab) Go(url string) {
	b.t.Helper()
	b.do("go to "+url, chromedp.Navigate(url))
}

// Click clicks what a selector finds, in its middle, once it is visible.
func (b *Tab) Click(selector string) {
	b.t.Helper()
	b.do("click "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// Type types into what a selector finds.
func (b *Tab) Type(selector, text string) {
	b.t.Helper()
	b.do("type into "+selector, chromedp.SendKeys(chromedp.CSS(selector), text, chromedp.NodeVisible))
}

// Keys presses keys.
func (b *Tab) Keys(keys string) {
	b.t.Helper()
	b.do("press keys", chromedp.KeyEvent(keys))
}

// View makes the window so large, and light or dark.
func (b *Tab) View(width, height int64, scheme string) {
	b.t.Helper()
	b.do("view", chromedp.EmulateViewport(width, height), b.media("prefers-color-scheme", scheme))
}

// Still asks for less motion.
func (b *Tab) Still() {
	b.t.Helper()
	b.do("less motion", b.media("prefers-reduced-motion", "reduce"))
}

func (b *Tab) media(name, value string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: name, Value: value}},
		})
		return err
	})
}

// Shot is a picture, of the whole page or of what the window shows.
func (b *Tab) Shot(whole bool) []byte {
	b.t.Helper()
	take := chromedp.CaptureScreenshot()
	if whole {
		take = chromedp.FullScreenshot(100)
	}
	png, err := chromedp.Run(b.ctx, take)
	require.NoError(b.t, err)
	return png
}

// Eval is the value of an expression, which may be a promise.
func Eval[T any](b *Tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	require.NoError(b.t, err, expression)
	return v
}

// lookAgain is between two looks at a page.
const lookAgain = 20 * time.Millisecond

// Until waits until an expression is true.
func (b *Tab) Until(expression string) {
	b.t.Helper()
	for {
		ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("!!("+expression+")"))
		if ok {
			return
		}
		if b.ctx.Err() != nil {
			require.NoError(b.t, b.ctx.Err(), "waiting for %s (%v)\n%s", expression, err, b.seen())
		}
		time.Sleep(lookAgain)
	}
}

// Faults collects what the browser complains of from now on: exceptions, and what its
// console has of errors, as of what a policy has forbidden. Answers that are errors are
// not among them.
func (b *Tab) Faults() func() []string {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.ctx)
	messages := chromedp.Console(ctx)
	done := make(chan []string, 1)
	go func() {
		var all []string
		for m, err := range messages {
			if err != nil {
				break
			}
			if (m.IsException() || m.Type == "error") && m.Source != "network" {
				all = append(all, m.String())
			}
		}
		done <- all
	}()
	return func() []string {
		cancel()
		return <-done
	}
}

// Unnamed are the roles of what a screen reader could not name.
func (b *Tab) Unnamed() (roles []string, named int) {
	b.t.Helper()
	tree, err := chromedp.Run(b.ctx, func(ctx context.Context, _ *chromedp.Target) (accessibility.GetFullAXTreeResult, error) {
		return chromedp.Call(ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	})
	require.NoError(b.t, err)
	for _, n := range tree.Nodes {
		if n.Ignored || n.Role == nil || !slices.Contains(needNames, text(n.Role)) {
			continue
		}
		if text(n.Name) == "" {
			roles = append(roles, text(n.Role))
		} else {
			named++
		}
	}
	return roles, named
}

var needNames = []string{"button", "link", "textbox", "searchbox", "combobox", "image", "img", "table", "dialog", "heading", "columnheader"}

func text(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	return strings.Trim(string(v.Value), `"`)
}
