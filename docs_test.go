package remuda_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The first page is short, and narrow enough for a terminal.
func TestReadmeIsShort(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(readPage(t, "README.md"), "\n"), "\n")
	assert.LessOrEqual(t, len(lines), 180)
	picture := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, "(docs/atwork.svg)") })
	assert.True(t, 0 <= picture && picture < 25, "the picture is in line %d", picture+1)
	for i, line := range lines {
		assert.LessOrEqual(t, utf8.RuneCountInString(line), 140, "README.md:%d", i+1)
	}
}

// Each link in a page to something in the repository leads there, to the heading, too.
func TestLinksLeadSomewhere(t *testing.T) {
	links := 0
	for _, page := range pages(t) {
		for _, target := range linksOf(readPage(t, page)) {
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			links++
			path, heading, _ := strings.Cut(target, "#")
			if path = filepath.Join(filepath.Dir(page), path); strings.HasPrefix(target, "#") {
				path = page
			}
			if !assert.True(t, exists(path), "%s: there is no %s", page, target) || heading == "" {
				continue
			}
			assert.Contains(t, anchors(readPage(t, path)), heading, "%s: %s has no such heading", page, target)
		}
	}
	require.Greater(t, links, 100)
}

// pages returns the pages of all modules.
func pages(t *testing.T) (pages []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata" || entry.Name() == "node_modules"):
			return fs.SkipDir
		case strings.HasSuffix(path, ".md"):
			pages = append(pages, filepath.ToSlash(path))
		}
		return nil
	}))
	return pages
}

func readPage(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

var (
	fencedCode = regexp.MustCompile("(?ms)^ *```.*?^ *```")
	linkTarget = regexp.MustCompile(`\]\(([^()\s]+)\)`)
)

// linksOf returns the targets of the links of a page, but not what looks like one in code.
func linksOf(page string) (targets []string) {
	page = inlineCode.ReplaceAllString(fencedCode.ReplaceAllString(page, ""), "code")
	for _, match := range linkTarget.FindAllStringSubmatch(page, -1) {
		targets = append(targets, match[1])
	}
	return targets
}

// anchors returns the names by which links find the headings of a page, as GitHub makes
// them.
func anchors(page string) (names []string) {
	for line := range strings.Lines(fencedCode.ReplaceAllString(page, "")) {
		if heading := strings.TrimLeft(line, "#"); heading != line && strings.HasPrefix(heading, " ") {
			names = append(names, anchor(heading))
		}
	}
	return names
}

func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, strings.TrimSpace(heading))
}

// Whether the two tests above can fail.
func TestLinksOf(t *testing.T) {
	page := "# A page, `code` too\n[![a](b.svg)](c)\n```\n[no](d)\n# no\n```\n`[no](e)` [f](#g)\n"
	assert.Equal(t, []string{"b.svg", "c", "#g"}, linksOf(page))
	assert.Equal(t, []string{"a-page-code-too"}, anchors(page))
}

// Where the code in the tables of docs/migration is compiled and run.
var migrationTests = map[string][]string{
	"ants.md":       {"bench/migration/ants_test.go"},
	"asynq.md":      {"bench/tasks/migration_test.go", "tasks/migration_test.go"},
	"conc.md":       {"bench/migration/conc_test.go"},
	"errgroup.md":   {"bench/migration/errgroup_test.go"},
	"goflow.md":     {"migration_test.go", "tasks/migration_test.go"},
	"gofherd.md":    {"migration_herd_test.go", "prometheus/herd_test.go"},
	"goworker.md":   {"migration_test.go"},
	"pond.md":       {"bench/migration/pond_test.go"},
	"workerpool.md": {"bench/migration/workerpool_test.go"},
	"workers.md":    {"migration_test.go"},
}

// Each piece of code in the rows of the migration pages is in a test that runs it: on the
// right that of remuda, on the left that of the library, if its module can be had.
func TestMigrationRowsAreTested(t *testing.T) {
	paths, err := filepath.Glob("docs/migration/*.md")
	require.NoError(t, err)
	require.Len(t, paths, len(migrationTests))
	withoutModule := []string{"gofherd.md", "goflow.md", "goworker.md", "workers.md"}
	for _, path := range paths {
		name := filepath.Base(path)
		require.Contains(t, slices.Collect(maps.Keys(migrationTests)), name)
		var tests strings.Builder
		for _, test := range migrationTests[name] {
			tests.WriteString(strings.ReplaceAll(bareCode(readPage(t, test)), " ", ""))
		}
		rows := 0
		for i, line := range strings.Split(readPage(t, path), "\n") {
			cells := strings.SplitN(strings.Trim(line, "| "), " | ", 2)
			if len(cells) != 2 || !strings.HasPrefix(line, "|") {
				continue
			}
			rows++
			if slices.Contains(withoutModule, name) {
				cells = cells[1:]
			}
			for _, cell := range cells {
				for _, code := range inlineCode.FindAllStringSubmatch(cell, -1) {
					if isProgram(code[1]) && !strings.Contains(tests.String(), strings.ReplaceAll(code[1], " ", "")) {
						t.Errorf("%s:%d: no test has %s", path, i+1, code[1])
					}
				}
			}
		}
		assert.Greater(t, rows, 5, path)
	}
}

// isProgram is false for names of things, of files, and for what is not Go.
func isProgram(code string) bool {
	return strings.ContainsAny(code, "({") && !strings.HasPrefix(code, "Middleware.Wrap(") && code != "func(ctx) error" && code != "next(ctx)" && code != "job.Do(ctx)"
}

// The figures in the tables about speed are in that part of RESULTS.md to which their row
// leads.
func TestFiguresAreMeasured(t *testing.T) {
	results := map[string]string{}
	for section := range strings.SplitSeq(readPage(t, "bench/RESULTS.md"), "\n## ") {
		heading, _, _ := strings.Cut(section, "\n")
		results[anchor(heading)] = section
	}
	for _, path := range []string{"README.md", "docs/performance.md"} {
		rows := 0
		for i, line := range strings.Split(readPage(t, path), "\n") {
			link := regexp.MustCompile(`^\| \[[^]]*\]\([./]*bench/RESULTS\.md#([^)]*)\)[^|]*\|(.*)`).FindStringSubmatch(line)
			if link == nil {
				continue
			}
			rows++
			for _, figure := range regexp.MustCompile(`\d+(\.\d+)?`).FindAllString(link[2], -1) {
				assert.Regexp(t, `[^\d.]`+regexp.QuoteMeta(figure)+`[^\d.]`, results[link[1]], "%s:%d: %s", path, i+1, figure)
			}
		}
		assert.GreaterOrEqual(t, rows, 3, path)
	}
}

// The libraries that comparison.md names are compared in the versions that were read.
func TestComparedVersions(t *testing.T) {
	page := readPage(t, "docs/comparison.md")
	mods := readPage(t, "bench/go.mod") + readPage(t, "bench/tasks/go.mod")
	for _, module := range []string{"golang.org/x/sync", "sourcegraph/conc", "panjf2000/ants", "alitto/pond", "destel/rill", "hibiken/asynq", "riverqueue/river"} {
		version := regexp.MustCompile(regexp.QuoteMeta(module) + `(?:/v\d+)? (v\d+\.\d+\.\d+)`)
		compared, required := version.FindStringSubmatch(page), version.FindStringSubmatch(mods)
		require.NotNil(t, compared, module)
		require.NotNil(t, required, module)
		assert.Equal(t, required[1], compared[1], module)
	}
}
