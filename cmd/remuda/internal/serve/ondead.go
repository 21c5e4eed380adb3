package serve

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"iter"
	"sync"
	"time"

	"github.com/remuda-go/remuda/cmd/remuda/internal/api"
	"github.com/remuda-go/remuda/tasks"
)

const (
	// deadSweep is how often the dead are looked for: an event may get lost.
	deadSweep = time.Minute
	// deadPause is between two looks, however many die.
	deadPause = time.Second
)

// tellOfDead pushes a task for each dead one of a kind that has on_dead. The name of
// that task comes from the dead one's ID and the time of its death, so that a death
// is told of once, also if this process is killed meanwhile.
func (s *Server) tellOfDead(ctx context.Context, events iter.Seq2[tasks.Event, error]) {
	died := make(chan struct{}, 1)
	var watching sync.WaitGroup
	watching.Go(func() { s.watchDeaths(ctx, events, died) })
	defer watching.Wait()
	told := make(map[string]time.Time) // by kind, until when the dead were told of
	tick := time.NewTimer(0)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-died:
			select {
			case <-ctx.Done():
				return
			case <-time.After(deadPause):
			}
		}
		for _, m := range s.mourners() {
			if err := s.tellOf(ctx, m, told); err != nil && ctx.Err() == nil {
				s.log.Error("on_dead", "kind", m.from, "error", err)
			}
		}
		tick.Reset(deadSweep)
	}
}

// watchDeaths signals that some task has died, by events and, when these have ended, by
// new ones.
func (s *Server) watchDeaths(ctx context.Context, events iter.Seq2[tasks.Event, error], died chan<- struct{}) {
	for {
		signal(died) // some may have died while nobody listened
		s.follow(events, died)
		for events = nil; events == nil; { // until the store is in reach again
			select {
			case <-ctx.Done():
				return
			case <-time.After(deadPause):
			}
			events, _ = s.client.Watch(ctx, "")
		}
	}
}

// follow logs what fails in this process, and signals that some task has died.
func (s *Server) follow(events iter.Seq2[tasks.Event, error], died chan<- struct{}) {
	s.mu.Lock()
	alone := s.embedded(s.config)
	s.mu.Unlock()
	for e, err := range events {
		if err != nil {
			return
		}
		s.failed.log(s.log, e, alone)
		if e.State == tasks.Dead {
			signal(died)
		}
	}
}

func signal(died chan<- struct{}) {
	select {
	case died <- struct{}{}:
	default:
	}
}

// A mourner is a kind that tells of the dead of another.
type mourner struct {
	from string
	to   tasks.Kind[[]byte, []byte]
	keep time.Duration // how long to remembers names
}

func (s *Server) mourners() []mourner {
	s.mu.Lock()
	kinds := s.config.Kinds
	s.mu.Unlock()
	var all []mourner
	for name, k := range kinds {
		if k.OnDead == nil {
			continue
		}
		if to, ok := s.kind(k.OnDead.Kind); ok {
			all = append(all, mourner{from: name, to: to, keep: to.Keep()})
		}
	}
	return all
}

// A death is the payload of a task that tells of a dead one.
type death struct {
	api.Task
	LeftOut bool `json:"payload_left_out,omitempty"` // it was too large
}

// tellOf tells of those that died since the last time, and of the last minute again:
// it is told by the name that they were told of. At first, it goes back as far as
// names are remembered.
func (s *Server) tellOf(ctx context.Context, m mourner, told map[string]time.Time) error {
	begun := time.Now()
	since, ok := told[m.from]
	if !ok {
		since = begun.Add(-m.keep)
	}
	for d, err := range s.client.Dead(ctx, tasks.Filter{Kind: m.from, After: since}) {
		if err != nil {
			return err
		}
		if err := s.tell(ctx, m.to, d); err != nil {
			return err
		}
	}
	told[m.from] = begun.Add(-min(deadSweep, m.keep))
	return nil
}

func (s *Server) tell(ctx context.Context, to tasks.Kind[[]byte, []byte], d tasks.DeadTask) error {
	sum := sha256.Sum256([]byte(string(d.ID) + "@" + d.Updated.UTC().Format(time.RFC3339Nano)))
	id := tasks.NewID(to.Name(), hex.EncodeToString(sum[:16]))
	// To push it again would do no harm, but it would count as one that waits until a
	// worker has looked at it.
	if _, err := to.Result(ctx, s.client, id); !errors.Is(err, tasks.ErrNotFound) {
		var ended *tasks.TaskError
		if err == nil || errors.Is(err, tasks.ErrNotDone) || errors.As(err, &ended) {
			return nil
		}
		return err
	}
	name := tasks.WithID(id.Name())
	note := death{Task: api.TaskOf(d.Info)}
	note.SetPayload(d.Payload)
	err := s.pushNote(ctx, to, note, name)
	if errors.Is(err, tasks.ErrTooLarge) {
		note = death{Task: api.TaskOf(d.Info), LeftOut: true}
		err = s.pushNote(ctx, to, note, name)
	}
	if _, ok := errors.AsType[*tasks.DuplicateError](err); ok {
		return nil
	}
	return err
}

func (s *Server) pushNote(ctx context.Context, to tasks.Kind[[]byte, []byte], note death, name tasks.PushOption) error {
	payload, err := json.Marshal(note)
	if err != nil {
		return err
	}
	_, err = to.Push(ctx, s.client, payload, name)
	return err
}
