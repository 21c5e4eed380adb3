// Package setup is what package tasks and tasks/embedded know of each other.
package setup

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/remuda-go/remuda/tasks/internal/disk"
)

// Options are those of a client.
type Options struct {
	Replicas int  // 0: not asked for
	Migrate  bool // gives what exists the Replicas
	NATS     []nats.Option

	// For embedded.
	Conn    *nats.Conn
	Journal Journal                     // nil where the server lives on when this process dies
	Disk    *disk.Disk                  // nil where what the server has confirmed is on disk, as far as its settings go
	Lazy    bool                        // the server answers before it has synced
	Full    func() bool                 // the store holds as much as may be pushed; nil if there is no bound
	OnOpen  func(context.Context) error // called before anything else is asked of the server
	OnClose func() error
	Durable string // what is on disk when a push is confirmed, in words

	// For tests.
	Fault func(point, id string) // called at each fault point
	Sweep time.Duration          // how often; 0 is a minute
}

// A Journal holds which runs have begun and not ended, so that it is known after
// the end of the process. Its entries name the sequence of the task's record: one
// that has been written since makes them void.
type Journal interface {
	// Begin notes that a run begins.
	Begin(id string, seq uint64) error
	// End forgets the runs of the task.
	End(id string) error
	// Interrupted counts the runs that began under the record and did not end.
	Interrupted(id string, seq uint64) int
}
