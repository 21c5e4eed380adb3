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
