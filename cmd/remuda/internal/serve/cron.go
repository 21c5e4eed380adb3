package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/remuda-go/remuda/cmd/remuda/internal/config"
	"github.com/remuda-go/remuda/tasks"
)

// applyCron sets the entries of the config that are not there as it says, and removes
// those that it had before. An entry that is there as it should be is left alone: to set
// it again would forget a firing that was missed.
func (s *Server) applyCron(ctx context.Context, cfg *config.Config, fresh map[string]*kind) error {
	if cfg.KeepsCron() {
		return nil
	}
	before, err := s.cronBefore(cfg)
	if err != nil {
		return err
	}
	there, err := s.client.CronEntries(ctx, "")
	if err != nil {
		return err
	}
	now := make(map[string]cronOf, len(before))
	maps.Copy(now, before)
	for name, c := range cfg.Cron {
		if err := s.setCron(ctx, name, c, fresh, there); err != nil {
			return errors.Join(err, s.rememberCron(cfg, now))
		}
		now[name] = cronOf{c.Kind}
	}
	for name, c := range before {
		if next, ok := cfg.Cron[name]; ok && next.Kind == c.Kind {
			continue
		}
		if err := s.client.RemoveCron(ctx, c.Kind, name); err != nil && !errors.Is(err, tasks.ErrNotFound) {
			return errors.Join(err, s.rememberCron(cfg, now))
		}
		if _, ok := cfg.Cron[name]; !ok {
			delete(now, name)
		}
	}
	return s.rememberCron(cfg, now)
}

// setCron sets an entry that is not among those that are there.
func (s *Server) setCron(ctx context.Context, name string, c config.Cron, fresh map[string]*kind, there []tasks.CronEntry) error {
	k, ok := s.kind(c.Kind)
	if fresh[c.Kind] != nil {
		k = fresh[c.Kind].define
	} else if !ok {
		return fmt.Errorf("cron entry %s: no such kind: %s", name, c.Kind)
	}
	var input []byte
	if c.Input != nil {
		var err error
		if input, err = json.Marshal(c.Input); err != nil {
			return fmt.Errorf("cron entry %s: input: %w", name, err)
		}
	}
	spec, err := config.Spec(c.Spec)
	if err != nil {
		return err
	}
	want := tasks.Spec{Expr: spec, Zone: c.Zone}
	if slices.ContainsFunc(there, func(e tasks.CronEntry) bool {
		return e.Kind == c.Kind && e.Name == name && e.Spec == want && bytes.Equal(e.Input, input)
	}) {
		return nil
	}
	return k.Cron(ctx, s.client, name, want, input)
}

// cronFile has the entries that were set from the config, so that one that was taken
// out of it while remuda did not run is removed, too. Where the store is elsewhere
// there is no place for that: the process knows only what it has set itself.
func (s *Server) cronFile(cfg *config.Config) string {
	if !s.embedded(cfg) {
		return ""
	}
	return filepath.Join(cfg.Path(cfg.Store.Dir), "cron.json")
}

// A cronOf is what is remembered of an entry.
type cronOf struct {
	Kind string `json:"kind"`
}

func (s *Server) cronBefore(cfg *config.Config) (map[string]cronOf, error) {
	before := make(map[string]cronOf)
	if s.config != nil {
		for name, c := range s.config.Cron {
			before[name] = cronOf{c.Kind}
		}
		return before, nil
	}
	file := s.cronFile(cfg)
	if file == "" {
		return before, nil
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return before, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &before)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: remove it, and the entries are set again", file, err)
	}
	return before, nil
}

func (s *Server) rememberCron(cfg *config.Config, now map[string]cronOf) error {
	file := s.cronFile(cfg)
	if file == "" {
		return nil
	}
	text, err := json.Marshal(now)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}
