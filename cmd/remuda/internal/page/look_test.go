package page_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/remuda-go/remuda/cmd/remuda/internal/browser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Everything can be read, fits into the window, and has a name, from 320 to 1,600 pixels,
// light and dark.
func TestThePageCanBeRead(t *testing.T) {
	t.Parallel()
	b := browser.Open(t, 4*soon)
	r := newRig(t)
	s := r.serve(token, true)
	r.stage()
	r.past()
	long := r.handle("a-kind-that-has-a-name-of-some-sixty-letters-with-no-place-to", 0, nil)
	r.push(long, "and_a_task_with_a_name_that_is_even_longer_than_that_of_its_kind_and_has_no_place_to_break_either", "x")
	b.View(1000, 800, "light")
	logIn(b, s.URL, token)
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{320, 480, 768, 1024, 1600} {
			where := fmt.Sprintf("%s, %d pixels", scheme, width)
			b.View(width, 900, scheme)
			b.Go("about:blank")
			b.Go(s.URL)
			live(b)
			says(b, "#kinds tbody th", "a-kind-that-has")
			b.Until(`document.querySelector("#tasks tbody tr") && document.querySelector("#chart-done .bars").getAttribute("d")`)
			browser.Eval[any](b, `document.querySelector("#numbers").open = true; null`)
			b.Until(`document.querySelectorAll("#numbers tbody tr").length === 60`)
			assert.Empty(t, b.Look(), where)
			roles, named := b.Unnamed()
			assert.Empty(t, roles, where)
			assert.Greater(t, named, 30)
			open(b, "thumb.holiday-photo-0031.png")
			b.Click("#payload-show")
			b.Until(`!document.querySelector("#payload-part pre").hidden`)
			b.Click("#do-delete")
			assert.Empty(t, b.Look(), "the dialog, "+where)
			roles, _ = b.Unnamed()
			assert.Empty(t, roles, "the dialog, "+where)
		}
	}
}

// All that can be clicked can be reached by the keyboard, and is seen to have the focus.
func TestTheKeyboardIsEnough(t *testing.T) {
	t.Parallel()
	b := browser.Open(t, 2*soon)
	r := newRig(t)
	s := r.serve(token, true)
	r.stage()
	b.View(900, 900, "light")
	logIn(b, s.URL, token)
	says(b, "#tasks tbody th", "thumb.holiday-photo-0032.png")
	b.Go("about:blank")
	b.Go(s.URL)
	live(b)
	says(b, "#tasks tbody th", "thumb.holiday-photo-0032.png")
	b.Keys(kb.Tab)
	require.Equal(t, "Skip to the content", browser.Eval[string](b, `document.activeElement.textContent`))
	want := browser.Eval[int](b, `[...document.querySelectorAll("a, button, select, input, summary")].filter((n) => n.checkVisibility()).length`)
	reached := 1
	for {
		b.Keys(kb.Tab)
		if browser.Eval[bool](b, `document.activeElement === document.body || document.activeElement.matches(".skip")`) {
			break
		}
		seen := browser.Eval[string](b, `(() => {
			const n = document.activeElement, s = getComputedStyle(n), box = n.getBoundingClientRect();
			const outlined = s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2;
			return outlined && box.bottom > 0 && box.top < innerHeight ? "" : n.outerHTML;
		})()`)
		require.Empty(t, seen, "it has the focus and is not seen to")
		if browser.Eval[bool](b, `document.activeElement.matches("a, button, select, input, summary")`) {
			reached++
		}
		require.LessOrEqual(t, reached, want)
	}
	assert.Equal(t, want, reached)

	browser.Eval[any](b, `document.querySelector("#tasks tbody a").focus(); null`)
	id := browser.Eval[string](b, `document.activeElement.textContent`)
	b.Keys(kb.Enter)
	b.Until(`document.querySelector("#detail").open && document.querySelector("#facts .badge")`)
	assert.Equal(t, id, browser.Eval[string](b, `document.activeElement.textContent`), "the title has the focus")
	for range 20 {
		b.Keys(kb.Tab)
		require.True(t, browser.Eval[bool](b, `document.activeElement === document.body || document.querySelector("#detail").contains(document.activeElement)`), "the focus stays in the dialog")
	}
	b.Keys(kb.Escape)
	b.Until(`!document.querySelector("#detail").open`)
	b.Until(`document.activeElement.textContent === ` + fmt.Sprintf("%q", id))
	b.Until(`location.hash === ""`)
}

// Whoever wants less motion has none.
func TestLessMotion(t *testing.T) {
	t.Parallel()
	b := browser.Open(t, soon)
	r := newRig(t)
	r.handle("job", 0, nil)
	b.Go(r.serve("", false).URL)
	live(b)
	animation := `getComputedStyle(document.querySelector("#detail")).animationName`
	browser.Eval[any](b, `document.querySelector("#detail").showModal(); null`)
	assert.Equal(t, "come", browser.Eval[string](b, animation))
	b.Still()
	assert.Equal(t, "none", browser.Eval[string](b, animation))
	assert.Equal(t, "auto", browser.Eval[string](b, `getComputedStyle(document.documentElement).scrollBehavior`))
}
