package remuda_test

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Data flows one way: no file calls back, by however many others, into one that calls
// it. And no type does everything, nor does any function or file.
func TestTheCoreStaysReadable(t *testing.T) {
	if raceEnabled {
		t.Skip("it reads code: once is enough")
	}
	for _, dir := range []struct {
		path string
		back []string // files that call each other all the same: in pairs
	}{
		{".", []string{"crew.go", "keyed.go", "send.go", "sourced.go", "sourced_worker.go", "stream_bulk.go", "stream_worker.go", "worker.go"}},
		{"internal/dispatch", nil},
		{"internal/keyed", nil},
	} {
		t.Run(dir.path, func(t *testing.T) {
			p := parseSource(t, dir.path)
			require.Equal(t, dir.back, p.filesInCircles(t), "files that call each other: move what both need to a third")
			for _, file := range p.files {
				f := p.fset.File(file.Pos())
				require.LessOrEqual(t, f.LineCount(), 260, "%s: it holds more than one thing", f.Name())
			}
			methods := make(map[string]int)
			for _, fn := range p.functions() {
				lines := p.fset.Position(fn.End()).Line - p.fset.Position(fn.Pos()).Line + 1
				require.LessOrEqual(t, lines, 45, "%s can't be seen whole", fn.Name.Name)
				if fn.Recv != nil {
					methods[receiver(fn)]++
				}
			}
			for name, n := range methods {
				require.LessOrEqual(t, n, 35, "methods of %s", name)
			}
		})
	}
}

// A sourcePackage is the files of a package without its tests.
type sourcePackage struct {
	fset  *token.FileSet
	files []*ast.File
}

func parseSource(t *testing.T, dir string) sourcePackage {
	p := sourcePackage{fset: token.NewFileSet()}
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	for _, path := range paths {
		if !strings.HasSuffix(path, "_test.go") {
			file, err := parser.ParseFile(p.fset, path, nil, 0)
			require.NoError(t, err)
			p.files = append(p.files, file)
		}
	}
	require.NotEmpty(t, p.files)
	return p
}

func (p sourcePackage) functions() (fns []*ast.FuncDecl) {
	for _, file := range p.files {
		for _, d := range file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				fns = append(fns, fn)
			}
		}
	}
	return fns
}

// receiver returns the name of the type that fn is a method of.
func receiver(fn *ast.FuncDecl) string {
	at := fn.Recv.List[0].Type
	for {
		switch x := at.(type) {
		case *ast.StarExpr:
			at = x.X
		case *ast.IndexExpr:
			at = x.X
		case *ast.IndexListExpr:
			at = x.X
		case *ast.Ident:
			return x.Name
		}
	}
}

// filesInCircles returns the files from which calls lead to others, and back.
func (p sourcePackage) filesInCircles(t *testing.T) (names []string) {
	calls := p.calls(t)
	for name := range calls {
		seen := make(map[string]bool)
		var visit func(string)
		visit = func(at string) {
			for next := range calls[at] {
				if !seen[next] {
					seen[next] = true
					visit(next)
				}
			}
		}
		visit(name)
		if seen[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// calls says which files call functions and methods of which others.
func (p sourcePackage) calls(t *testing.T) map[string]map[string]bool {
	info := &types.Info{Uses: make(map[*ast.Ident]types.Object)}
	conf := types.Config{Importer: importer.ForCompiler(p.fset, "source", nil)}
	pkg, err := conf.Check(p.files[0].Name.Name, p.fset, p.files, info)
	require.NoError(t, err)
	file := func(at token.Pos) string { return filepath.Base(p.fset.Position(at).Filename) }
	calls := make(map[string]map[string]bool)
	for id, obj := range info.Uses {
		fn, ok := obj.(*types.Func)
		if !ok || fn.Pkg() != pkg {
			continue
		}
		if from, to := file(id.Pos()), file(fn.Origin().Pos()); from != to {
			if calls[from] == nil {
				calls[from] = make(map[string]bool)
			}
			calls[from][to] = true
		}
	}
	require.NotEmpty(t, calls)
	return calls
}
