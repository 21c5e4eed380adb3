package remuda_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What docs/architecture.md names exists: its files and, where it says that a
// function is in a file, the function there.
func TestArchitecturePageIsTrue(t *testing.T) {
	text, err := os.ReadFile("docs/architecture.md")
	require.NoError(t, err)
	page := strings.ReplaceAll(string(text), "\n  ", " ")

	files := regexp.MustCompile("`([\\w/]+\\.go)`").FindAllStringSubmatch(page, -1)
	require.Greater(t, len(files), 100)
	for _, m := range files {
		require.NotEmpty(t, sourceNamed(m[1]), "%s", m[1])
	}

	for _, pattern := range []string{"*.go", "internal/dispatch/*.go"} {
		paths, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, path := range paths {
			if name := filepath.Base(path); !strings.HasSuffix(name, "_test.go") && !strings.HasPrefix(name, "herd") {
				require.Contains(t, page, name, "what it is for: %s", name)
			}
		}
	}

	functions := regexp.MustCompile("((?:`[\\w.]+`(?:, | and )?)+) (?:in|\\()\\s*`([\\w/]+\\.go)`").FindAllStringSubmatch(page, -1)
	require.Greater(t, len(functions), 50)
	for _, m := range functions {
		code, err := os.ReadFile(sourceNamed(m[2]))
		require.NoError(t, err)
		for _, name := range regexp.MustCompile("`([\\w.]+)`").FindAllStringSubmatch(m[1], -1) {
			if strings.HasSuffix(name[1], ".go") {
				continue
			}
			parts := strings.Split(name[1], ".")
			definition := regexp.MustCompile(`(?m)^(func (\([^)]*\) )?|type |\t)` + parts[len(parts)-1] + `\b`)
			require.True(t, definition.Match(code), "%s in %s", name[1], m[2])
		}
	}
}

// sourceNamed returns the file that the page means, or "" if there is none.
func sourceNamed(name string) string {
	for _, dir := range []string{".", "internal", "internal/dispatch"} {
		if path := filepath.Join(dir, name); exists(path) {
			return path
		}
	}
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// What docs/tasks-protocol.md names as the test of a rule or a failure exists, each row of
// the failure table is there, and so is each rule that the code of tasks names.
func TestTasksProtocolPageIsTrue(t *testing.T) {
	page := readPage(t, "docs/tasks-protocol.md")
	var code, tests strings.Builder
	for _, pattern := range []string{"tasks/*.go", "tasks/*/*.go", "tasks/internal/*/*.go", "examples/durable/*.go"} {
		paths, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, paths, pattern)
		for _, path := range paths {
			text := readPage(t, path)
			code.WriteString(text)
			if strings.HasSuffix(path, "_test.go") {
				tests.WriteString(text)
			}
		}
	}
	rows := regexp.MustCompile(`(?m)^\| [^-].*\|$`).FindAllString(page, -1)
	require.Greater(t, len(rows), 24)
	named := regexp.MustCompile("`(Test\\w+)`")
	for _, row := range rows {
		if !strings.HasSuffix(row, "| shown by |") {
			require.Regexp(t, named, row, "nothing shows it")
		}
	}
	for _, m := range named.FindAllStringSubmatch(page, -1) {
		require.Contains(t, tests.String(), "func "+m[1]+"(t *testing.T)")
	}
	cited := regexp.MustCompile(`\brules? (\d+)`).FindAllStringSubmatch(code.String(), -1)
	require.Greater(t, len(cited), 30)
	for _, m := range cited {
		require.Contains(t, page, "| **"+m[1]+".** ")
	}

	_, promised, ok := strings.Cut(readPage(t, "docs/tasks.md"), "| what happens | what comes of it |\n|---|---|\n")
	require.True(t, ok)
	promised, _, _ = strings.Cut(promised, "\n\n")
	_, shown, _ := strings.Cut(page, "## The failure table")
	require.Equal(t, strings.Count(promised, "\n")+1, strings.Count(shown, "\n| ")-1, "a row for each")
}
