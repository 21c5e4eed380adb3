// Package service is what callers can do with tasks, whatever they speak: the HTTP
// interface and Connect are thin layers over it.
package service

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/remuda-go/remuda/tasks"
)

// A KindOf is a kind whose payloads and results are bytes.
type KindOf = tasks.Kind[[]byte, []byte]

// A Service does what callers ask for. It has no state of its own, and is safe for
// concurrent use. Its errors are for [ProblemOf].
type Service struct {
	Client *tasks.Client

	// Kind returns a kind by its name; false if it is not available here.
	Kind func(name string) (KindOf, bool)

	// Stored says that kinds which only the store has, as those that were taken out of the
	// config, can be read and steered, too. They can't be pushed.
	Stored bool

	// Workers sets the workers of a kind in this process; nil where there are none.
	Workers func(kind string, workers int) error

	// Control allows what changes tasks beyond pushing them.
	Control bool

	// Body is the largest payload in bytes.
	Body int64
}

// kind returns a kind that is available here.
func (s *Service) kind(name string) (KindOf, error) {
	k, ok := s.Kind(name)
	if !ok {
		return k, NotFound("no such kind: %q", name)
	}
	return k, nil
}

// sees reports whether what there is of a kind is shown here.
func (s *Service) sees(name string) bool {
	if s.Stored {
		return true
	}
	_, ok := s.Kind(name)
	return ok
}

// known returns an error if the kind is not available here. No name is every kind.
func (s *Service) known(ctx context.Context, name string) error {
	if name == "" {
		return nil
	}
	_, err := s.kind(name)
	if err == nil || !s.Stored {
		return err
	}
	all, storeErr := s.Client.Kinds(ctx)
	if storeErr != nil {
		return storeErr
	}
	if slices.ContainsFunc(all, func(k tasks.KindInfo) bool { return k.Kind == name }) {
		return nil
	}
	return err
}

// of returns the kind of a task.
func (s *Service) of(id tasks.ID) (KindOf, error) {
	if id.Kind() == "" || id.Name() == "" {
		return KindOf{}, Invalid("%q is no ID of a task: want the kind, a dot and a name", string(id))
	}
	k, err := s.kind(id.Kind())
	if err != nil && s.Stored {
		return tasks.Define[[]byte, []byte](id.Kind(), tasks.Codec(tasks.Raw)), nil
	}
	return k, err
}

// allowed says whether the caller may do more than push and read.
func (s *Service) allowed() error {
	if s.Control {
		return nil
	}
	return &Problem{Status: http.StatusForbidden, Code: CodeDenied, Text: "control is not allowed at this address"}
}

// Health writes to the store.
func (s *Service) Health(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, healthTime)
	defer cancel()
	if err := s.Client.Health(ctx); err != nil {
		return &Problem{Status: http.StatusServiceUnavailable, Code: CodeInternal, Text: fmt.Sprintf("the store: %v", err)}
	}
	return nil
}
