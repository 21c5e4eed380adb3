package page_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/remuda-go/remuda/cmd/remuda/internal/browser"
	"github.com/stretchr/testify/require"
)

// TestScreenshots takes pictures of the page for people to look at, into the directory
// that REMUDA_SCREENSHOTS names.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("REMUDA_SCREENSHOTS")
	if dir == "" {
		t.Skip("REMUDA_SCREENSHOTS names no directory")
	}
	b := browser.Open(t, 4*soon)
	r := newRig(t)
	s := r.serve(token, true)
	r.stage()
	r.past()
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{320, 768, 1600} {
			b.View(width, 1000, scheme)
			logIn(b, s.URL, token)
			b.Until(`document.querySelector("#chart-done .bars").getAttribute("d") && document.querySelector("#tasks tbody tr")`)
			save := func(name string, png []byte) {
				require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%d-%s.png", name, width, scheme)), png, 0o600))
			}
			save("overview", b.Shot(true))
			b.View(width, 1000, scheme)
			open(b, "thumb.holiday-photo-0031.png")
			b.Click("#payload-show")
			b.Until(`document.querySelectorAll("#attempts li").length === 3 && !document.getAnimations().length`)
			save("detail", b.Shot(false))
		}
	}
}
