package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func TestLines(t *testing.T) {
	tests := map[string]struct {
		line string
		path string // of the file, or empty if the line is malformed
	}{
		"as we print it":      {empty + "  a b", "a b"},
		"binary":              {empty + " *a", "a"},
		"upper case":          {strings.ToUpper(empty) + "  a", "a"},
		"indented":            {" \t" + empty + "  a", "a"},
		"path begins blank":   {empty + "   a", " a"},
		"escaped":             {`\` + empty + `  a\nb\\c\rd`, "a\nb\\c\rd"},
		"not marked":          {empty + `  a\nb`, `a\nb`},
		"unknown escape":      {`\` + empty + `  a\x`, ""},
		"escape at the end":   {`\` + empty + `  a\`, ""},
		"one blank":           {empty + " a", ""},
		"no path":             {empty + "  ", ""},
		"no digits":           {strings.Repeat("x", 64) + "  a", ""},
		"too few digits":      {empty[2:] + "  a", ""},
		"too many digits":     {empty + "00  a", ""},
		"something different": {"hello", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f, ok := parseLine(tt.line)
			assert.Equal(t, tt.path != "", ok)
			if ok {
				assert.Equal(t, tt.path, f.path)
			}
		})
	}
}

func FuzzLines(f *testing.F) {
	f.Add("a")
	f.Add("a\nb\\c\r\\n")
	f.Fuzz(func(t *testing.T, path string) {
		line := formatLine([32]byte{1, 2}, path)
		assert.Equal(t, 1, strings.Count(line, "\n"))
		got, ok := parseLine(strings.TrimSuffix(line, "\n"))
		if path == "" {
			assert.False(t, ok)
			return
		}
		assert.True(t, ok)
		assert.Equal(t, file{path: path, want: [32]byte{1, 2}}, got)
	})
}

func TestVerifyEqualsSha256sum(t *testing.T) {
	t.Chdir(tree(t, "a", "b", "new\nline", "changed", "gone", "a dir/x"))
	_, list, _ := checksum(t, "", ".")
	write(t, "changed", "something else")
	require.NoError(t, os.Remove("gone"))

	tests := map[string]string{
		"all well":       strings.Join(linesWithout(list, "changed", "gone"), ""),
		"changed, gone":  list,
		"a directory":    empty + "  a dir\n",
		"junk in it":     "junk\n" + list,
		"nothing but it": "junk\n",
		"empty":          "",
		"comment, CR LF": "# comment\r\n\r\n" + strings.ReplaceAll(linesWithout(list, "changed", "gone")[0], "\n", "\r\n"),
		"no last newline": strings.TrimSpace(
			linesWithout(list, "changed", "gone")[0]),
	}
	for name, list := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := exec.LookPath("sha256sum"); err != nil {
				t.Skip("there is no sha256sum to compare with")
			}
			path := filepath.Join(t.TempDir(), "list")
			write(t, path, list)
			cmd := exec.Command("sha256sum", "-c", path)
			want, err := cmd.Output()
			if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			status, stdout, _ := checksum(t, "", "-c", path)
			assert.Equal(t, string(want), stdout)
			assert.Equal(t, cmd.ProcessState.ExitCode(), status)

			status, stdout, _ = checksum(t, list, "-c", "-")
			assert.Equal(t, string(want), stdout)
			assert.Equal(t, cmd.ProcessState.ExitCode(), status)
		})
	}
}

// linesWithout returns the lines that do not end in one of the paths.
func linesWithout(list string, paths ...string) (lines []string) {
next:
	for line := range strings.Lines(list) {
		for _, p := range paths {
			if strings.HasSuffix(line, "/"+p+"\n") {
				continue next
			}
		}
		lines = append(lines, line)
	}
	return lines
}

func TestVerifyWarns(t *testing.T) {
	t.Chdir(tree(t, "a", "b"))
	_, list, _ := checksum(t, "", ".")
	write(t, "a", "something else")
	require.NoError(t, os.Remove("b"))
	status, stdout, stderr := checksum(t, "junk\n"+list, "-c", "-")
	assert.Equal(t, exitFailed, status)
	assert.Equal(t, "./a: FAILED\n./b: FAILED open or read\n", stdout)
	assert.Equal(t, `checksum: open ./b: no such file or directory
checksum: WARNING: 1 lines are improperly formatted
checksum: WARNING: 1 listed files could not be read
checksum: WARNING: 1 computed checksums did NOT match
`, stderr)
}

func TestListThatCannotBeRead(t *testing.T) {
	status, _, stderr := checksum(t, "", "-c", filepath.Join(t.TempDir(), "nowhere"))
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, stderr, "no such file")

	var errs strings.Builder
	status = run(t.Context(), []string{"-c", "-"}, iotest.ErrReader(errors.New("worn out")), io.Discard, &errs)
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, errs.String(), "worn out")
}
