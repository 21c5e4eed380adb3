package serve

import (
	"context"
	"errors"
	"reflect"

	"github.com/remuda-go/remuda/cmd/remuda/internal/config"
	"github.com/remuda-go/remuda/tasks"
)

// reload reads the config again. One with a fault changes nothing.
func (s *Server) reload(ctx context.Context) {
	cfg, err := s.opts.Load()
	if err == nil {
		cfg = cfg.WithDefaults()
		err = s.unmoved(cfg)
	}
	if err == nil {
		err = s.apply(ctx, cfg)
	}
	if err != nil {
		s.log.Error("the config was not reloaded: what was in force still is", "error", err)
		return
	}
	s.log.Info("the config was reloaded", "config", cfg.Name(), "kinds", len(cfg.Kinds))
}

// unmoved checks that the store is the same.
func (s *Server) unmoved(cfg *config.Config) error {
	if s.opts.NATS == "" && (!reflect.DeepEqual(cfg.Store, s.config.Store) || !reflect.DeepEqual(cfg.NATS, s.config.NATS)) || cfg.Replicas != s.config.Replicas {
		return errors.New("store, nats and replicas can't be changed while remuda serves: start it again")
	}
	return nil
}

// apply makes true what the config says. What can fail comes first, and is undone if
// something later fails.
func (s *Server) apply(ctx context.Context, cfg *config.Config) error {
	jobs, err := s.jobsOf(cfg)
	if err != nil {
		return err
	}
	fresh := make(map[string]*kind)
	for name, k := range cfg.FileKinds() {
		if old := s.kinds[name]; old != nil && sameButJob(old.config, k) {
			continue
		}
		fresh[name] = newKind(name, k, jobs[name])
		if err := fresh[name].try(ctx, s.client); err != nil {
			return err
		}
	}
	providers, undo, err := s.prepareProviders(cfg)
	if err != nil {
		return err
	}
	if err := s.applyCron(ctx, cfg, fresh); err != nil {
		undo()
		return err
	}
	if err := s.applyKinds(cfg, fresh, jobs); err != nil {
		undo()
		return err
	}
	s.mu.Lock()
	s.config = cfg
	s.mu.Unlock()
	s.switchProviders(providers)
	return nil
}

// applyKinds changes what is handled. A kind whose options have changed first
// finishes what it has; one of which only the job or the number of workers has,
// goes on.
func (s *Server) applyKinds(cfg *config.Config, fresh map[string]*kind, jobs map[string]job) error {
	var failed error
	s.mu.Lock()
	old := s.kinds
	s.kinds = make(map[string]*kind, len(cfg.Kinds))
	for name, k := range cfg.FileKinds() {
		if fresh[name] != nil {
			s.kinds[name] = fresh[name]
			continue
		}
		s.kinds[name] = s.keep(old[name], k, jobs[name])
	}
	s.mu.Unlock()
	for name, before := range old {
		if after := s.kinds[name]; after != before {
			s.closer.Go(func() { s.replace(before, after) })
		}
	}
	for name, k := range s.kinds {
		if old[name] == nil {
			failed = errors.Join(failed, k.handle(s.worker, s.around()...))
		}
	}
	return failed
}

// keep gives a kind its new job, its workers, and what is told of its dead.
func (s *Server) keep(k *kind, next config.Kind, j job) *kind {
	changed := k.config.Workers() != next.Workers()
	if (k.config.Workers() == 0) != (next.Workers() == 0) { // something runs it, or nothing any more
		return newKind(k.define.Name(), next, j)
	}
	k.config = next
	k.setJob(j)
	if h := k.handler.Load(); changed && h != nil {
		if err := h.Resize(next.Workers()); err != nil {
			s.log.Error("resize", "kind", k.define.Name(), "error", err)
		}
	}
	return k
}

// replace closes a kind, and handles the one that takes its place, if there is one.
// One that is to be replaced before its own turn has come is never handled.
func (s *Server) replace(before, after *kind) {
	<-before.settled
	if h := before.handler.Load(); h != nil {
		if err := h.Close(s.cut); err != nil {
			s.log.Warn("tasks of the kind were given back", "kind", before.define.Name(), "error", err)
		}
	}
	if after == nil {
		return
	}
	s.mu.Lock()
	current := s.kinds[after.define.Name()] == after
	s.mu.Unlock()
	if !current {
		close(after.settled)
		return
	}
	if err := after.handle(s.worker, s.around()...); err != nil && !errors.Is(err, tasks.ErrWorkerClosed) {
		s.log.Error("handle", "kind", after.define.Name(), "error", err)
	}
}
