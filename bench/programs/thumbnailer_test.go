package programs_test

import (
	"fmt"
	"image"
	_ "image/gif" // registers the format
	_ "image/jpeg"
	_ "image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// photos returns the images that Go's own packages are tested with.
func photos(t *testing.T) []string {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(root)), "src", "image", "testdata", "*.*"))
	require.NoError(t, err)
	if len(files) == 0 {
		t.Skip("this Go came without the test data of its packages")
	}
	return files
}

func TestThumbnailer(t *testing.T) {
	files := photos(t)
	inEachWay(t, "thumbnailer", func(t *testing.T, program string) {
		from, to := t.TempDir(), t.TempDir()
		for _, file := range files {
			write(t, filepath.Join(from, filepath.Base(file)), read(t, file))
		}
		broken := filepath.Join(from, "broken.jpeg")
		write(t, broken, read(t, files[0])[:100])

		got := runProgram(t, "", program, from, to)
		require.Equal(t, 1, got.status)
		require.Contains(t, got.stderr, fmt.Sprintf("1 of %d failed\n", len(files)+1))
		require.Contains(t, got.stderr, fmt.Sprintf(" %d of %d: ", len(files), len(files)+1), "progress")
		require.Contains(t, got.stderr, "failed: "+broken+": ")
		require.Len(t, thumbnails(t, to), len(files))
	})
}

// thumbnails returns the files in dir, each of which is a whole thumbnail.
func thumbnails(t *testing.T, dir string) []os.DirEntry {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, entry := range entries {
		img, format, err := image.Decode(strings.NewReader(read(t, filepath.Join(dir, entry.Name()))))
		require.NoError(t, err, entry.Name())
		require.Equal(t, "png", format)
		require.Equal(t, 64, max(img.Bounds().Dx(), img.Bounds().Dy()))
	}
	return entries
}

// After Ctrl-C no file is half written, and the last line says how many there are.
func TestThumbnailerInterrupted(t *testing.T) {
	const all = 5000
	photo := read(t, photos(t)[len(photos(t))-1])
	from := t.TempDir()
	first := filepath.Join(from, "0.jpeg")
	write(t, first, photo)
	for i := range all - 1 {
		require.NoError(t, os.Link(first, filepath.Join(from, fmt.Sprint(i+1, ".jpeg"))))
	}
	inEachWay(t, "thumbnailer", func(t *testing.T, program string) {
		to := t.TempDir()
		p := start(t, nil, program, from, to)
		p.await(t, fmt.Sprintf("10 of %d: ", all))
		status, log := p.interrupt(t)
		require.Equal(t, 1, status)
		done := len(thumbnails(t, to))
		require.Less(t, done, all)
		require.True(t, strings.HasSuffix(log, fmt.Sprintf("interrupted after %d of %d", done, all)), log)
	})
}
