package config

import (
	"fmt"
	"maps"
	"slices"
)

// A Part is what one of several processes does of a config.
type Part struct {
	Intake bool     // has the providers, and sets cron entries
	Work   bool     // runs tasks
	Only   []string // of these kinds; none is all
}

// Part returns the config of the process that does the part. Each process knows all
// kinds, whether it runs them or not.
func (c *Config) Part(p Part) (*Config, error) {
	for _, name := range p.Only {
		if !c.has(name) {
			return nil, fmt.Errorf("--only %s: there is no such kind: there are %s", name, c.kindNames())
		}
	}
	part := *c
	part.part = &p
	part.Kinds = maps.Clone(c.Kinds)
	for name, k := range part.Kinds {
		if !part.Works(name) {
			k.Command, k.HTTP = nil, nil
			part.Kinds[name] = k
		}
	}
	if !p.Intake {
		part.Providers = nil
	}
	return &part, nil
}

// Works reports whether this process is one that runs tasks of the kind.
func (c *Config) Works(kind string) bool {
	return c.part == nil || c.part.Work && (len(c.part.Only) == 0 || slices.Contains(c.part.Only, kind))
}

// KeepsCron reports whether cron entries are left as they are: another process sets them.
func (c *Config) KeepsCron() bool { return c.part != nil && !c.part.Intake }
