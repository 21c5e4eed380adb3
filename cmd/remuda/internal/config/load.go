package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"
)

// Load reads and checks a file. What is wrong in it is a [Faults]. The kinds of the
// program itself can be named wherever the file names a kind.
func Load(name string, program ...string) (*Config, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	return Parse(name, dir, text, program...)
}

// Parse is Load for a text that was read: name stands in errors, and dir is what
// relative paths are relative to.
func Parse(name, dir string, text []byte, program ...string) (*Config, error) {
	c := &Config{file: &source{name: name, dir: dir}, program: program}
	tree, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, c.file.wrong(err)
	}
	c.file.tree = tree
	if len(tree.Docs) > 1 {
		return nil, Faults{{File: name, Text: "more than one document; a config is one"}}
	}
	if faults := c.file.unknownKeys(); len(faults) > 0 {
		return nil, faults
	}
	if len(tree.Docs) == 1 && tree.Docs[0].Body != nil {
		if err := yaml.NodeToValue(tree.Docs[0].Body, c); err != nil {
			return nil, c.file.wrong(err)
		}
	}
	if faults := c.check(); len(faults) > 0 {
		return nil, faults
	}
	return c, nil
}

// DirOf finds out where the store of a file is that has faults; false if it is in no
// directory, or can't be known.
func DirOf(name string) (store string, ok bool) {
	text, err := os.ReadFile(name)
	if err != nil {
		return "", false
	}
	dir, err := filepath.Abs(filepath.Dir(name))
	if err != nil {
		return "", false
	}
	c := &Config{file: &source{name: name, dir: dir}}
	if c.file.tree, err = parser.ParseBytes(text, 0); err != nil || c.file.find([]any{"nats"}) != nil {
		return "", false
	}
	if n := c.file.find([]any{"store", "dir"}); n != nil {
		c.Store = &Store{Dir: scalar(n)}
	}
	return c.Path(c.WithDefaults().Store.Dir), true
}

// wrong makes a fault of what the parser or the decoder says.
func (s *source) wrong(err error) error {
	f := Fault{File: s.name, Text: err.Error()}
	if value, ok := errors.AsType[*valueError](err); ok {
		f.Text = fmt.Sprintf("%q is not right: %s", scalar(value.node), value.Error())
		f.at(value.node)
		f.Key = s.keyAt(value.node)
		return Faults{f}
	}
	if at, ok := errors.AsType[yaml.Error](err); ok {
		f.Text = at.GetMessage()
		if t := at.GetToken(); t != nil && t.Position != nil {
			f.Line, f.Column = t.Position.Line, t.Position.Column
			f.Key = s.keyAtToken(t)
		}
	}
	if kind, ok := errors.AsType[*yaml.TypeError](err); ok {
		f.Text = fmt.Sprintf("%q is not right: want %s", kind.Token.Value, nameOf(kind.DstType))
	}
	return Faults{f}
}

// Path makes a path of the file absolute: it is relative to the file's directory.
func (c *Config) Path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(c.file.dir, p)
}

// Dir is the directory of the file.
func (c *Config) Dir() string { return c.file.dir }

// Name is the name of the file.
func (c *Config) Name() string { return c.file.name }
