package browser

import _ "embed"

//go:embed look.js
var look string

// Look says what is wrong with how the page looks: text and edges without contrast,
// what does not fit into the window, what is too small.
func (b *Tab) Look() []string {
	b.t.Helper()
	return Eval[[]string](b, look)
}
