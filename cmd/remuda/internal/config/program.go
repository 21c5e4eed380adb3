package config

import (
	"maps"
	"slices"
	"strings"
)

// Program returns the kinds that the program has beside those of the file.
func (c *Config) Program() []string { return c.program }

func (c *Config) inProgram(kind string) bool { return slices.Contains(c.program, kind) }

// FileKinds returns the kinds that are of the file alone.
func (c *Config) FileKinds() map[string]Kind {
	kinds := maps.Clone(c.Kinds)
	maps.DeleteFunc(kinds, func(name string, _ Kind) bool { return c.inProgram(name) })
	return kinds
}

// has reports whether the file or the program has the kind.
func (c *Config) has(kind string) bool {
	_, ok := c.Kinds[kind]
	return ok || c.inProgram(kind)
}

func (c *Config) kindNames() string {
	names := append(sorted(c.Kinds), c.program...)
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}

// programKind checks what a file says of a kind that the program has: how it is
// treated and what runs it is decided there.
func (k *checker) programKind(name string, kind Kind) {
	onDead := kind.OnDead
	kind.OnDead = nil
	if kind != (Kind{}) {
		k.wrongf([]any{"kinds", name}, "the program has a kind of that name: here it can have on_dead and nothing else")
	}
	if onDead != nil {
		k.known([]any{"kinds", name, "on_dead", "kind"}, onDead.Kind)
	}
}
