package remuda_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The names that the rows of these pages use without saying what they are.
const readmeNames = `package readme

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"github.com/remuda-go/remuda"
	"github.com/remuda-go/remuda/autoscale"
	"github.com/remuda-go/remuda/middleware"
	"github.com/remuda-go/remuda/monitor"
)

type In struct{ Account string }
type Out struct{}
type Config = remuda.Config

var (
	ctx     context.Context
	cfg     remuda.Config
	in      In
	next    In
	ins     []In
	seq     iter.Seq[In]
	rows    iter.Seq2[In, error]
	ch      chan In
	err     error
	errs    []error
	i       int
	job     remuda.Job[In, Out]
	builder remuda.JobBuilder[In, Out]
	mws     []remuda.Middleware
	pool    *remuda.Pool[In, Out]
	slogger *slog.Logger
	mux     *http.ServeMux
	d       time.Duration
)

func f(context.Context, In) (Out, error)
func check(context.Context, In) error
func poll(context.Context) error
func insert(context.Context, []In) ([]Out, error)
func account(In) string
func see(context.Context, In, Out, error)

var _ = errors.Is
var _ middleware.Counter
var _ autoscale.Config
var _ *monitor.Monitor
var _ *rate.Limiter
var _ *semaphore.Weighted
`

// The pages with tables of 'you want, you write', and with code.
var codePages = []string{
	"README.md", "docs/methods.md", "docs/middleware.md", "docs/performance.md", "docs/shutdown.md", "docs/testing.md",
	"docs/migration/pond.md",
}

// Each row of 'you want, you write' compiles: what it says to write is taken as
// statements of one function, row by row.
func TestReadmeRowsCompile(t *testing.T) {
	var source strings.Builder
	source.WriteString(readmeNames)
	rows := readmeRows(t)
	require.Greater(t, len(rows), 40)
	for i, row := range rows {
		statements := statementsOf(row.code)
		assert.NotEmpty(t, statements, "%s:%d: nothing of it is code that can be checked", row.page, row.line)
		fmt.Fprintf(&source, "\nfunc row%d() {\n", i)
		for _, s := range statements {
			fmt.Fprintf(&source, "//line %s:%d\n%s\n", row.page, row.line, s)
		}
		source.WriteString("}\n")
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "readme.go", source.String(), parser.SkipObjectResolution)
	require.NoError(t, err)
	config := types.Config{Importer: exportData(t, files), Error: func(err error) {
		fault, ok := err.(types.Error)
		if ok && (fault.Soft || strings.HasSuffix(fault.Msg, "is not used") || strings.Contains(fault.Msg, "missing function body")) {
			return // a row is no program
		}
		t.Error(err)
	}}
	_, _ = config.Check("readme", files, []*ast.File{file}, nil) // Error has it
}

// A readmeRow is a row of a table, and the code in its second column.
type readmeRow struct {
	page string
	line int
	code []string
}

var inlineCode = regexp.MustCompile("`([^`]+)`")

func readmeRows(t *testing.T) (rows []readmeRow) {
	t.Helper()
	for _, page := range codePages {
		rows = append(rows, rowsOf(page, readPage(t, page))...)
	}
	return rows
}

func rowsOf(page, text string) (rows []readmeRow) {
	table := false
	for i, line := range strings.Split(text, "\n") {
		switch {
		case strings.HasPrefix(line, "| you want | you write |"):
			table = true
		case !strings.HasPrefix(line, "|"):
			table = false
		case table && !strings.HasPrefix(line, "|---"):
			_, write, _ := strings.Cut(strings.TrimPrefix(line, "|"), "|")
			if strings.Contains(write, "from the module") {
				continue // its own module has an example
			}
			row := readmeRow{page: page, line: i + 1}
			for _, match := range inlineCode.FindAllStringSubmatch(write, -1) {
				row.code = append(row.code, match[1])
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// statementsOf leaves out what names a thing and does nothing with it, and completes
// what a row leaves out.
func statementsOf(code []string) (statements []string) {
	for _, s := range code {
		if !strings.ContainsAny(s, "({") && !strings.Contains(s, "<-") && !strings.HasPrefix(s, "var ") {
			continue
		}
		s = strings.ReplaceAll(s, "{ ... }", "{ panic(0) }")
		if strings.HasPrefix(s, "for ") && !strings.HasSuffix(s, "}") {
			s += " {}"
		}
		if strings.HasPrefix(s, "func(") && !strings.Contains(s, "{") { // a type
			s = "var _ " + s
		}
		statements = append(statements, s)
	}
	return statements
}

var (
	program   = regexp.MustCompile("(?s)```go\n(package main\n.*?\n)```")
	printed   = regexp.MustCompile(`fmt\.Println\(.*\) // (.*)\n`)
	someBlock = regexp.MustCompile("(?s)```go\n(.*?)\n *```")
)

// The first example can be copied: it is a whole program, and prints what it says.
func TestReadmeProgramRuns(t *testing.T) {
	found := program.FindStringSubmatch(readPage(t, "README.md"))
	require.NotNil(t, found)
	want := printed.FindStringSubmatch(found[1])
	require.NotNil(t, want)
	path := filepath.Join(t.TempDir(), "main.go")
	require.NoError(t, os.WriteFile(path, []byte(found[1]), 0o600))
	out, err := exec.Command("go", "run", path).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, want[1]+"\n", string(out))
}

// Each block of Go in these pages is in a test, but for the program, which runs: paragraph
// by paragraph, since a test has some more around them.
func TestReadmeBlocksAreTested(t *testing.T) {
	var tests strings.Builder
	for _, pattern := range []string{"*example*_test.go", "snippets_test.go", "bench/migration/*_test.go"} {
		paths, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, paths, pattern)
		for _, path := range paths {
			tests.WriteString(bareCode(readPage(t, path)))
		}
	}
	for _, page := range codePages {
		text := readPage(t, page)
		if page == "README.md" {
			text = program.ReplaceAllString(text, "")
		}
		blocks := someBlock.FindAllStringSubmatch(text, -1)
		require.Len(t, blocks, strings.Count(text, "```go"), page)
		for _, block := range blocks {
			for paragraph := range strings.SplitSeq(block[1], "\n\n") {
				if !strings.Contains(tests.String(), bareCode(paragraph)) { // assert.Contains would show all of them
					t.Errorf("%s: no test has\n%s", page, paragraph)
				}
			}
		}
	}
}

// bareCode returns code without indentation, comments and empty lines.
func bareCode(code string) string {
	var bare strings.Builder
	for line := range strings.Lines(code) {
		line, _, _ = strings.Cut(line, "// ")
		if line = strings.TrimSpace(line); line != "" {
			bare.WriteString(line + "\n")
		}
	}
	return bare.String()
}

// exportData imports what the go command has compiled.
func exportData(t *testing.T, files *token.FileSet) types.Importer {
	t.Helper()
	list := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}}={{.Export}}",
		".", "./autoscale", "./middleware", "./monitor", "golang.org/x/sync/semaphore", "golang.org/x/time/rate", "log/slog")
	var stderr bytes.Buffer
	list.Stderr = &stderr
	out, err := list.Output()
	require.NoError(t, err, "%s", stderr.String())
	paths := map[string]string{}
	for line := range strings.Lines(string(out)) {
		pkg, path, _ := strings.Cut(strings.TrimSpace(line), "=")
		paths[pkg] = path
	}
	return importer.ForCompiler(files, "gc", func(pkg string) (io.ReadCloser, error) { return os.Open(paths[pkg]) })
}
