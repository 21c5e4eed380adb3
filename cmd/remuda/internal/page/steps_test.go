package page_test

import (
	"net/url"
	"strconv"

	"github.com/remuda-go/remuda/cmd/remuda/internal/browser"
)

// logIn opens the page and gives it the token, as somebody does who comes first.
func logIn(b *browser.Tab, at, token string) {
	b.Go(at)
	browser.Eval[any](b, `sessionStorage.clear()`)
	b.Go("about:blank")
	b.Go(at)
	b.Type("#token", token+"\r")
	live(b)
}

// live waits until the page shows what there is.
func live(b *browser.Tab) {
	b.Until(`document.querySelector("#link").dataset.up === "true" && !document.querySelector("#main").hidden`)
}

// says waits until what a selector finds has the text in it.
func says(b *browser.Tab, selector, text string) {
	b.Until("[...document.querySelectorAll(" + strconv.Quote(selector) + ")].some((n) => !n.hidden && n.textContent.includes(" + strconv.Quote(text) + "))")
}

// gone waits until nothing that a selector finds has the text in it.
func gone(b *browser.Tab, selector, text string) {
	b.Until("![...document.querySelectorAll(" + strconv.Quote(selector) + ")].some((n) => n.textContent.includes(" + strconv.Quote(text) + "))")
}

// at is the address of a task within the page.
func at(id string) string { return "#/task/" + url.PathEscape(id) }

// open opens a task by its address.
func open(b *browser.Tab, id string) {
	browser.Eval[any](b, "location.hash = "+strconv.Quote(at(id))+"; null")
	b.Until(`document.querySelector("#detail").open && document.querySelector("#facts .badge")`)
}
