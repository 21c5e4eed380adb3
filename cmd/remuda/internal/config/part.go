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
		if _, ok := c.Kinds[name]; !ok {
			return nil, fmt.Errorf("--only %s: the config has no such kind", name)
		}
	}
	part := *c
	part.Kinds = maps.Clone(c.Kinds)
	for name, k := range part.Kinds {
		if !p.Work || len(p.Only) > 0 && !slices.Contains(p.Only, name) {
			k.Command, k.HTTP = nil, nil
			part.Kinds[name] = k
		}
	}
	if !p.Intake {
		part.Providers = nil
	}
	part.keepCron = !p.Intake
	return &part, nil
}

// KeepsCron reports whether cron entries are left as they are: another process sets them.
func (c *Config) KeepsCron() bool { return c.keepCron }
