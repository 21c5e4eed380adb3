package page_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/remuda-go/remuda/cmd/remuda/internal/browser"
	"github.com/remuda-go/remuda/tasks"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// button is the button of a row, by its name.
func button(name string) string { return fmt.Sprintf("button[aria-label=%q]", name) }

// All that somebody can do is done by clicks, and each change is seen without a reload.
func TestEachAction(t *testing.T) {
	t.Parallel()
	b := browser.Open(t, 4*soon)
	faults := b.Faults()
	r := newRig(t)
	s := r.serve(token, true)
	r.stage()
	b.View(1200, 900, "light")

	b.Go(s.URL)
	b.Type("#token", "the wrong token altogether\r")
	says(b, "#token-fault", "wrong")
	b.Type("#token", token+"\r")
	live(b)
	browser.Eval[any](b, `window.same = true`) // which a reload would forget

	// A dead task is redriven from the list, after what was wrong with it was mended.
	says(b, "#tasks tbody th", "thumb.holiday-photo-0031.png")
	says(b, "#totals div", "Dead3")
	r.mended.Store(true)
	b.Click(button("Redrive thumb.holiday-photo-0031.png"))
	says(b, "#said", "thumb.holiday-photo-0031.png was redriven.")
	gone(b, "#tasks tbody th", "thumb.holiday-photo-0031.png")
	says(b, "#totals div", "Dead2")
	r.state("thumb.holiday-photo-0031.png", tasks.Done)

	// Others change things, too, and what they do is seen.
	r.mended.Store(false)
	r.push(r.kinds["thumb"], "another.png", "broken")
	says(b, "#tasks tbody th", "thumb.another.png")
	says(b, "#problems li", "thumb has 2 dead, all from the last hour")
	says(b, "#failing li", "convert: no decode delegate")

	// One of them is redriven from its own page.
	b.Click(`#tasks a[href="` + at("thumb.another.png") + `"]`)
	b.Until(`document.querySelectorAll("#attempts li").length === 3`)
	says(b, "#facts .badge", "dead")
	r.mended.Store(true)
	b.Click("#do-redrive")
	says(b, "#detail-said", "It was redriven.")
	says(b, "#facts .badge", "done")
	says(b, "#attempts li:last-child", "done")
	says(b, "#output-part", "not text")
	b.Until(`document.querySelector("#payload-part").hidden && document.querySelector("#do-redrive").hidden`)
	b.Click("#detail-close")
	r.state("thumb.another.png", tasks.Done)

	// One that waits is looked at, cancelled, and deleted for good.
	waiting := string(r.push(r.kinds["legacy"], "waiting", `{"secret":"`+"horse"+`"}`))
	b.Type("#find-id", waiting+"\r")
	says(b, "#facts .badge", "waiting")
	assert.NotContains(t, browser.Eval[string](b, `document.body.textContent`), "horse", "a payload is shown to whoever asks for it")
	b.Click("#payload-show")
	says(b, "#payload-part pre", "horse")
	b.Click("#do-cancel")
	says(b, "#facts .badge", "cancelled")
	r.state(tasks.ID(waiting), tasks.Cancelled)
	b.Click("#do-delete")
	b.Click("#sure-no")
	b.Click("#do-delete")
	b.Click("#sure-yes")
	says(b, "#said", "was deleted")
	r.state(tasks.ID(waiting), tasks.Deleted)
	b.Until(`!document.querySelector("#detail").open`)

	// A kind is paused and resumed.
	b.Click(button("Pause thumb"))
	says(b, "#kinds tr", "thumb paused")
	says(b, "#problems li", "thumb is paused")
	assert.True(t, r.paused("thumb"))
	b.Click(button("Resume thumb"))
	gone(b, "#kinds tr", "thumb paused")
	assert.False(t, r.paused("thumb"))

	// A list is chosen from what needs attention, and all that it shows are redriven.
	b.Click(`a[aria-label="see what is dead of thumb"]`)
	b.Until(`document.querySelector("#tasks-kind").value === "thumb" && document.activeElement.id === "tasks-title"`)
	gone(b, "#tasks tbody th", "notify.recipient-4711")
	b.Click("#redrive-all")
	says(b, "#said", "1 redriven.")
	says(b, "#tasks-note", "No task is dead.")
	r.state("thumb.holiday-photo-0032.png", tasks.Done)

	// What the store refuses is said.
	b.Type("#find-id", "legacy.none\r")
	says(b, "#detail-fault", "no such task")
	b.Keys(kb.Escape)

	// The connection is lost, and comes back.
	s.CloseClientConnections()
	says(b, "#link", "lost")
	live(b)

	assert.True(t, browser.Eval[bool](b, `window.same`), "the page was loaded again")
	assert.Empty(t, faults())
}

func (r *rig) paused(kind string) bool {
	r.t.Helper()
	all, err := r.client.Kinds(r.t.Context())
	require.NoError(r.t, err)
	for _, k := range all {
		if k.Kind == kind {
			return k.Paused
		}
	}
	return false
}

// Without control, there is nothing to click that changes anything.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	b := browser.Open(t, soon)
	r := newRig(t)
	s := r.serve("", false)
	r.stage()
	b.Go(s.URL)
	live(b)
	says(b, "#mode", "read-only")
	says(b, "#tasks tbody th", "thumb.holiday-photo-0031.png")
	open(b, "thumb.holiday-photo-0031.png")
	buttons := browser.Eval[[]string](b, `[...document.querySelectorAll("button")].filter((n) => n.checkVisibility()).map((n) => n.textContent)`)
	assert.ElementsMatch(t, []string{"Open", "Close", "Show the payload"}, buttons)
}

// What tasks say of themselves is text, wherever it is shown.
func TestWhatTasksSayIsText(t *testing.T) {
	t.Parallel()
	b := browser.Open(t, 2*soon)
	faults := b.Faults()
	r := newRig(t)
	s := r.serve("", false)
	hold := make(chan struct{})
	defer close(hold)
	k := r.handle("job", 3, func(ctx context.Context, in []byte) ([]byte, error) {
		switch string(in) {
		case "run":
			run, _ := tasks.RunFrom(ctx)
			_ = run.Progress(0.5, hostile)
			<-hold
		case "done":
			return []byte(hostile), nil
		}
		return nil, errors.New(hostile)
	}, tasks.Attempts(1))
	b.Go(s.URL)
	live(b)
	name := `<b onmouseover="alert(1)">x`
	dead := r.push(k, name, hostile, tasks.Unique(hostile))
	done := r.push(k, "done", "done")
	r.push(k, "runs", "run")
	r.state(dead, tasks.Dead)
	r.state(done, tasks.Done)
	says(b, "#tasks tbody", hostile)
	says(b, "#failing li", hostile)
	says(b, "#running li", hostile)
	says(b, "#tasks tbody th", name)
	open(b, string(dead))
	b.Click("#payload-show")
	says(b, "#payload-part pre", hostile)
	says(b, "#reason-part pre", hostile)
	says(b, "#facts", hostile)
	open(b, string(done))
	says(b, "#output-part pre", hostile)
	assert.Equal(t, 0, browser.Eval[int](b, `document.querySelectorAll("main img, dialog img, main script, dialog script, [onmouseover], [onerror]").length`))
	assert.NotEqual(t, "owned", browser.Eval[string](b, `document.title`))
	assert.Empty(t, faults())
}
