package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// unknownKeys finds all keys that mean nothing.
func (s *source) unknownKeys() Faults {
	var faults Faults
	for _, doc := range s.tree.Docs {
		if doc.Body != nil {
			faults = s.walk(faults, doc.Body, reflect.TypeFor[Config](), nil)
		}
	}
	return faults
}

func (s *source) walk(faults Faults, n ast.Node, t reflect.Type, path []any) Faults {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch n := n.(type) {
	case *ast.AnchorNode:
		return s.walk(faults, n.Value, t, path)
	case *ast.TagNode:
		return s.walk(faults, n.Value, t, path)
	case *ast.SequenceNode:
		if t.Kind() == reflect.Slice {
			for i, v := range n.Values {
				faults = s.walk(faults, v, t.Elem(), add(path, i))
			}
		}
	case *ast.MappingValueNode:
		return s.walkEntry(faults, n, t, path)
	case *ast.MappingNode:
		for _, v := range n.Values {
			faults = s.walkEntry(faults, v, t, path)
		}
	}
	return faults
}

func (s *source) walkEntry(faults Faults, n *ast.MappingValueNode, t reflect.Type, path []any) Faults {
	key := n.Key.GetToken().Value
	path = add(path, key)
	switch t.Kind() {
	case reflect.Map:
		return s.walk(faults, n.Value, t.Elem(), path)
	case reflect.Struct:
		if n.Key.IsMergeKey() {
			return faults
		}
		fields := fieldsOf(t)
		if i := slices.IndexFunc(fields, func(f field) bool { return f.key == key }); i >= 0 {
			return s.walk(faults, n.Value, fields[i].typ, path)
		}
		f := Fault{File: s.name, Key: keyOf(path), Text: "unknown key" + suggestion(key, fields)}
		f.at(n.Key)
		return append(faults, f)
	}
	return faults
}

// add is append without a shared array.
func add(path []any, step any) []any { return append(slices.Clip(path), step) }

type field struct {
	key string
	typ reflect.Type
}

func fieldsOf(t reflect.Type) []field {
	var fields []field
	for f := range t.Fields() {
		if key, _, _ := strings.Cut(f.Tag.Get("yaml"), ","); key != "" {
			fields = append(fields, field{key, f.Type})
		}
	}
	return fields
}

// suggestion says which key was meant, or which there are.
func suggestion(key string, fields []field) string {
	names := make([]string, len(fields))
	best, distance := "", 3
	for i, f := range fields {
		names[i] = f.key
		if d := editDistance(strings.ToLower(key), f.key); d < distance {
			best, distance = f.key, d
		}
	}
	if best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return "; there are " + strings.Join(names, ", ")
}

func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

// keyAt is the key whose value n is.
func (s *source) keyAt(n ast.Node) string { return s.keyAtToken(n.GetToken()) }

func (s *source) keyAtToken(t *token.Token) string {
	if t == nil || s.tree == nil {
		return ""
	}
	for _, doc := range s.tree.Docs {
		if doc.Body == nil {
			continue
		}
		if path, ok := pathTo(doc.Body, t, nil); ok {
			return keyOf(path)
		}
	}
	return ""
}

func pathTo(n ast.Node, t *token.Token, path []any) ([]any, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			if p, ok := pathTo(v, t, path); ok {
				return p, true
			}
		}
	case *ast.MappingValueNode:
		path = add(path, n.Key.GetToken().Value)
		if n.Key.GetToken() == t {
			return path, true
		}
		if p, ok := pathTo(n.Value, t, path); ok {
			return p, true
		}
	case *ast.SequenceNode:
		for i, v := range n.Values {
			if p, ok := pathTo(v, t, add(path, i)); ok {
				return p, true
			}
		}
	}
	return path, n != nil && n.GetToken() == t
}

// nameOf says in words what a type is.
func nameOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "text"
	case reflect.Slice:
		return "a list"
	case reflect.Pointer:
		return nameOf(t.Elem())
	case reflect.Struct:
		keys := fieldsOf(t)
		names := make([]string, len(keys))
		for i, k := range keys {
			names[i] = k.key
		}
		return "keys: " + strings.Join(names, ", ")
	}
	return "keys and values"
}
