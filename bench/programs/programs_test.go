// Package programs_test runs each program in both ways, holds their output against what
// it must be, and counts their lines.
package programs_test

import (
	"bytes"
	"fmt"
	"go/format"
	"go/scanner"
	"go/token"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	// What the programs are made of, so that go test runs them anew when it changes.
	_ "github.com/remuda-go/remuda"
	_ "github.com/remuda-go/remuda/bench/programs/internal/ledger"
	_ "github.com/remuda-go/remuda/bench/programs/internal/rows"
	_ "github.com/remuda-go/remuda/bench/programs/internal/serve"
	_ "github.com/remuda-go/remuda/bench/programs/internal/thumb"
	_ "github.com/remuda-go/remuda/bench/programs/internal/web"
	_ "github.com/remuda-go/remuda/middleware"
)

var binDir string // where programs are built

func TestMain(m *testing.M) {
	var err error
	if binDir, err = os.MkdirTemp("", "programs-"); err != nil {
		log.Fatal(err)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(status int) {
		_ = os.RemoveAll(binDir) // a directory for temporary files is where it stays then
		os.Exit(status)
	}))
}

// programs are the directories of programs, each with the peer that it is held against.
var programs = []struct{ name, peer string }{
	{"thumbnailer", "errgroup"},
	{"service", "pond"},
	{"crawler", "errgroup"},
	{"importer", "rill"},
	{"consumer", "channels"},
}

// Both are formatted, neither has lines that hide two, and ours is never the longer one.
func TestNoneIsLongerThanItsPeer(t *testing.T) {
	listed, err := filepath.Glob("*/remuda/main.go")
	require.NoError(t, err)
	require.Len(t, listed, len(programs), "each program is in the list")
	for _, p := range programs {
		ours := codeLines(t, filepath.Join(p.name, "remuda", "main.go"))
		theirs := codeLines(t, filepath.Join(p.name, p.peer, "main.go"))
		t.Logf("%-12s %3d lines, with %s %d", p.name, ours, p.peer, theirs)
		require.LessOrEqual(t, ours, theirs, p.name)
		require.Contains(t, read(t, "README.md"), fmt.Sprintf("| %d | %d |", ours, theirs), "the README has the lines of %s", p.name)
	}
}

// codeLines returns how many lines of a program are neither blank nor comment alone.
func codeLines(t *testing.T, path string) int {
	t.Helper()
	src := []byte(read(t, path))
	formatted, err := format.Source(src)
	require.NoError(t, err)
	require.Equal(t, string(formatted), string(src), "gofmt would change %s", path)
	others, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	require.NoError(t, err)
	require.Equal(t, []string{path}, others, "the program is one file")

	const widest = 130 // columns, a tab being four
	for i, line := range strings.Split(string(src), "\n") {
		require.LessOrEqual(t, len(strings.ReplaceAll(line, "\t", "    ")), widest, "%s:%d", path, i+1)
	}
	files := token.NewFileSet()
	file := files.AddFile(path, files.Base(), len(src))
	var s scanner.Scanner
	s.Init(file, src, nil, 0) // without comments
	lines := map[int]bool{}
	for pos, tok, lit := s.Scan(); tok != token.EOF; pos, tok, lit = s.Scan() {
		first := file.Line(pos)
		for i := range 1 + strings.Count(strings.TrimSpace(lit), "\n") {
			lines[first+i] = true
		}
	}
	return len(lines)
}

func TestCodeLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "main.go")
	write(t, path, "// Main is a program.\npackage main\n\nfunc main() {\n\t// nothing\n\tprintln(`two\nlines`) // here\n}\n")
	require.Equal(t, 5, codeLines(t, path))
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

func write(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

// inEachWay runs test for a program in both ways.
func inEachWay(t *testing.T, name string, test func(t *testing.T, program string)) {
	t.Helper()
	for _, p := range programs {
		if p.name != name {
			continue
		}
		for _, way := range []string{"remuda", p.peer} {
			t.Run(way, func(t *testing.T) { test(t, build(t, "./"+name+"/"+way)) })
		}
		return
	}
	t.Fatalf("there is no program %s", name)
}

var (
	building sync.Mutex
	built    = map[string]string{} // guarded by building: where the program of a package is
)

// build builds a program, with the race detector if this test has it.
func build(t *testing.T, pkg string) string {
	t.Helper()
	building.Lock()
	defer building.Unlock()
	if path, ok := built[pkg]; ok {
		return path
	}
	path := filepath.Join(binDir, strings.ReplaceAll(strings.Trim(pkg, "./"), "/", "-"))
	args := []string{"build", "-buildvcs=false", "-o", path}
	if raceEnabled {
		args = append(args, "-race")
	}
	out, err := exec.Command("go", append(args, pkg)...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	built[pkg] = path
	return path
}

// result is what a program has printed and returned.
type result struct {
	stdout, stderr string
	status         int
}

// runProgram runs a program to its end.
func runProgram(t *testing.T, stdin, program string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	_ = cmd.Run() // the status says it
	require.NotContains(t, stderr.String(), "DATA RACE")
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}
