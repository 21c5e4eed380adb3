package remuda_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a native reader stumbles over. "At once" is immediately to some readers and
// at the same time to others.
var stumbles = regexp.MustCompile(`(?i)\bfor ever\b|\bwhoever\b|\bat once\b|\blets? in\b|\b(is|are|was|were|be) begun\b` +
	`|\bhad better\b|\bthereby\b|\bto be had\b|\bin good order\b|\banybody's\b|\bnone the less\b|\bso as to\b`)

// Documentation uses plain words: the doc comments of every exported identifier, in
// every module.
func TestDocCommentsUsePlainWords(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") ||
			strings.HasSuffix(path, ".pb.go") || strings.HasSuffix(path, ".connect.go") {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, doc := range exportedDocs(file) {
			text := strings.Join(strings.Fields(doc.Text()), " ") // phrases span lines
			if found := stumbles.FindString(text); found != "" {
				t.Errorf("%s: %q in the doc comment", files.Position(doc.Pos()), found)
			}
		}
		return nil
	})
	require.NoError(t, err)
}

// exportedDocs returns the comments of a file that go doc shows.
func exportedDocs(file *ast.File) (docs []*ast.CommentGroup) {
	add := func(exported bool, groups ...*ast.CommentGroup) {
		for _, group := range groups {
			if exported && group != nil {
				docs = append(docs, group)
			}
		}
	}
	add(true, file.Doc)
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			add(n.Name.IsExported(), n.Doc)
			return false
		case *ast.GenDecl:
			add(n.Tok != token.IMPORT, n.Doc)
		case *ast.TypeSpec:
			add(n.Name.IsExported(), n.Doc, n.Comment)
			return n.Name.IsExported()
		case *ast.ValueSpec:
			add(n.Names[0].IsExported(), n.Doc, n.Comment)
		case *ast.Field:
			add(len(n.Names) == 0 || n.Names[0].IsExported(), n.Doc, n.Comment)
		}
		return true
	})
	return docs
}
