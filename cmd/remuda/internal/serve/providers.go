package serve

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/remuda-go/remuda/cmd/remuda/internal/config"
	"github.com/remuda-go/remuda/cmd/remuda/internal/inbox"
	"github.com/remuda-go/remuda/cmd/remuda/internal/redislist"
	"github.com/remuda-go/remuda/cmd/remuda/internal/secret"
	"github.com/remuda-go/remuda/tasks"
)

// A provider is one that runs, or that is prepared to.
type provider struct {
	config config.Provider
	run    func(context.Context) // one of the two
	listen *listener

	cancel  context.CancelFunc // of run
	running sync.WaitGroup
}

// prepareProviders returns the providers of a config: those that run and stay, and
// new ones that are ready to run. undo gives those back.
func (s *Server) prepareProviders(cfg *config.Config) (next []*provider, undo func(), err error) {
	var fresh []*provider
	undo = func() {
		for _, p := range fresh {
			if p.listen != nil {
				p.listen.stop(context.Background())
			}
		}
	}
	for _, c := range cfg.Providers {
		p, isNew, err := s.prepareProvider(cfg, c)
		if err != nil {
			undo()
			return nil, nil, err
		}
		next = append(next, p)
		if isNew {
			fresh = append(fresh, p)
		}
	}
	return next, undo, nil
}

func (s *Server) prepareProvider(cfg *config.Config, c config.Provider) (p *provider, isNew bool, err error) {
	if c.HTTP != nil {
		return s.prepareListener(cfg, c)
	}
	same := func(p *provider) bool { return reflect.DeepEqual(p.config, c) }
	if i := slices.IndexFunc(s.providers, same); i >= 0 {
		return s.providers[i], false, nil
	}
	if c.Redis != nil {
		p, err = s.prepareRedis(cfg, c)
		return p, true, err
	}
	d := c.Directory
	box := &inbox.Inbox{
		Path: cfg.Path(d.Path), Done: cfg.Path(d.Done), Failed: cfg.Path(d.Failed), Settle: time.Duration(d.Settle),
		Push: s.pusher(d.Kind), Log: s.log,
	}
	return &provider{config: c, run: box.Run}, true, box.Prepare()
}

func (s *Server) prepareRedis(cfg *config.Config, c config.Provider) (*provider, error) {
	r := c.Redis
	o := redislist.Options{Addr: r.Addr, List: r.List, Left: r.From == "left", DB: r.DB, User: r.User, TLS: r.TLS, Push: s.pusher(r.Kind), Log: s.log}
	var err error
	switch {
	case r.PasswordFile != "":
		o.Password, err = secret.Read(cfg.Path(r.PasswordFile))
	case r.PasswordEnv != "":
		o.Password = os.Getenv(r.PasswordEnv)
		if o.Password == "" {
			err = fmt.Errorf("provider redis: the variable %s is empty or not there", r.PasswordEnv)
		}
	}
	return &provider{config: c, run: redislist.New(o).Run}, err
}

// pusher pushes tasks of the kind as it is at that time.
func (s *Server) pusher(kind string) func(context.Context, string, []byte) error {
	return func(ctx context.Context, name string, payload []byte) error {
		k, ok := s.kind(kind)
		if !ok {
			return errors.New("no such kind any more: " + kind)
		}
		_, err := k.Push(ctx, s.client, payload, tasks.WithID(name))
		return err
	}
}

// switchProviders ends those that are not among next, and starts those that are new.
func (s *Server) switchProviders(next []*provider) {
	bound, cancel := context.WithTimeout(context.Background(), time.Duration(s.config.Grace))
	defer cancel()
	for _, p := range s.providers {
		if !slices.Contains(next, p) {
			p.stop(bound)
		}
	}
	for _, p := range next {
		p.start(slices.Contains(s.providers, p))
	}
	s.providers = next
}

func (p *provider) start(runs bool) {
	switch {
	case p.listen != nil:
		p.listen.show()
	case !runs:
		ctx, cancel := context.WithCancel(context.Background())
		p.cancel = cancel
		p.running.Go(func() { p.run(ctx) })
	}
}

func (p *provider) stop(ctx context.Context) {
	if p.listen != nil {
		p.listen.stop(ctx)
		return
	}
	p.cancel()
	p.running.Wait()
}
