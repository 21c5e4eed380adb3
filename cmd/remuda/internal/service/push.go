package service

import (
	"context"
	"time"

	"github.com/remuda-go/remuda/tasks"
)

// A Push is what a caller says of a task besides its payload. The zero Push says
// nothing.
type Push struct {
	Name    string // of its own: pushed twice, it is one task
	Unique  string
	After   time.Duration
	At      time.Time
	Expires time.Time
}

// Push stores a task.
func (s *Service) Push(ctx context.Context, kind string, payload []byte, p Push) (tasks.ID, error) {
	k, err := s.kind(kind)
	if err != nil {
		return "", err
	}
	if int64(len(payload)) > s.Body {
		return "", tooLarge("the payload has %d bytes, and no more than %d are accepted", len(payload), s.Body)
	}
	opts, err := p.options()
	if err != nil {
		return "", err
	}
	return k.Push(ctx, s.Client, payload, opts...)
}

func (p Push) options() (opts []tasks.PushOption, err error) {
	switch {
	case p.After < 0:
		return nil, Invalid("after is negative: %v", p.After)
	case p.After > 0 && !p.At.IsZero():
		return nil, Invalid("after and at exclude each other")
	case p.After > 0:
		opts = append(opts, tasks.After(p.After))
	case !p.At.IsZero():
		opts = append(opts, tasks.At(p.At))
	}
	if p.Name != "" {
		opts = append(opts, tasks.WithID(p.Name))
	}
	if p.Unique != "" {
		opts = append(opts, tasks.Unique(p.Unique))
	}
	if !p.Expires.IsZero() {
		opts = append(opts, tasks.Expires(p.Expires))
	}
	return opts, nil
}
