package config

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// A source is a file as it was read, to find out where a value is from.
type source struct {
	name string
	dir  string
	tree *ast.File
}

// find returns the node at a path of keys and indexes, or nil. Of a key of a map it
// returns the value.
func (s *source) find(path []any) ast.Node {
	if s.tree == nil || len(s.tree.Docs) == 0 || s.tree.Docs[0].Body == nil {
		return nil
	}
	b := (&yaml.PathBuilder{}).Root()
	for _, step := range path {
		switch step := step.(type) {
		case int:
			b = b.Index(uint(step))
		case string:
			b = b.Child(step)
		}
	}
	n, err := b.Build().FilterFile(s.tree)
	if err != nil {
		return nil
	}
	return n
}

// fault tells of what is at path, or of the nearest place above it that exists.
func (s *source) fault(path []any, format string, args ...any) Fault {
	f := Fault{File: s.name, Key: keyOf(path), Text: fmt.Sprintf(format, args...)}
	for n := len(path); n >= 0; n-- {
		if node := s.find(path[:n]); node != nil {
			f.at(node)
			break
		}
	}
	return f
}

func (f *Fault) at(n ast.Node) {
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 { // its own token is the first colon
		n = m.Values[0].Key
	}
	if m, ok := n.(*ast.MappingValueNode); ok {
		n = m.Key
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		f.Line, f.Column = t.Position.Line, t.Position.Column
	}
}

func keyOf(path []any) string {
	var b strings.Builder
	for _, step := range path {
		switch step := step.(type) {
		case int:
			fmt.Fprintf(&b, "[%d]", step)
		case string:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(step)
		}
	}
	return b.String()
}
