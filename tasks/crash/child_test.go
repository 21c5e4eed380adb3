package crash_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/remuda-go/remuda/tasks"
	"github.com/remuda-go/remuda/tasks/embedded"
	"github.com/remuda-go/remuda/tasks/internal/setup"
)

// childEnv makes the test binary a process to be killed. It holds an order as JSON.
const childEnv = "REMUDA_CRASH_CHILD"

// An order says what a process does.
type order struct {
	Dir     string // of the store, if the server is embedded
	URL     string // of the server elsewhere
	Relaxed bool
	Power   bool   // what was not synced may be lost with the process
	Log     string // where it tells what it has done
	Epoch   int

	Point string // where it kills itself
	Nth   int    // at which time that it comes there

	Only     string // handles and pushes only tasks of the kind work, and of this sort
	Lease    time.Duration
	Idle     bool // has no workers
	Pushes   int  // how many tasks of each sort it pushes
	Finish   bool // it ends by itself when nothing waits any more
	Patience time.Duration
}

func TestMain(m *testing.M) {
	if text := os.Getenv(childEnv); text != "" {
		var o order
		if err := json.Unmarshal([]byte(text), &o); err != nil {
			panic(err)
		}
		if err := o.run(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// A logbook is a file of lines, each written at once, so that a kill leaves all
// that happened before it.
type logbook struct {
	mu   sync.Mutex
	file *os.File
	o    order
	hits int
	conn *nats.Conn
}

func (l *logbook) write(format string, args ...any) {
	line := fmt.Sprintf("%d ", l.o.Epoch) + fmt.Sprintf(format, args...) + "\n"
	if _, err := l.file.WriteString(line); err != nil {
		panic(err)
	}
}

// fault kills the process at the point that the order names.
func (l *logbook) fault(point, id string) {
	if point == "ended" {
		l.write("final %s", id)
	}
	if point != l.o.Point {
		return
	}
	l.mu.Lock()
	l.hits++
	hit := l.hits == l.o.Nth
	l.mu.Unlock()
	if hit {
		l.write("killed %s %s", point, id)
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

const (
	lease = time.Second
	keep  = time.Second
)

// work is the kind: an input says how its job behaves, and the output says which
// run it comes from.
var work = tasks.Define[string, string]("work", tasks.Lease(lease), tasks.Keep(time.Hour), tasks.Attempts(20),
	tasks.Backoff(func(int) time.Duration { return 10 * time.Millisecond }))

// slow is the same with retries that go through the schedule stream.
var slow = tasks.Define[string, string]("slow", tasks.Lease(lease), tasks.Keep(time.Hour), tasks.Attempts(20),
	tasks.Backoff(func(int) time.Duration { return 2001 * time.Millisecond }))

// killer is one whose job ends the process.
var killer = tasks.Define[string, string]("killer", tasks.Lease(lease), tasks.Attempts(3))

// neighbour is one whose tasks run beside a killer, and have fewer attempts than that.
var neighbour = tasks.Define[string, string]("neighbour", tasks.Lease(lease), tasks.Attempts(2))

const killedItself = 7

// brief is forgotten soon.
var brief = tasks.Define[string, string]("brief", tasks.Lease(lease), tasks.Keep(keep), tasks.Attempts(20))

func (o order) open(ctx context.Context, l *logbook) (*tasks.Client, error) {
	option := func(s *setup.Options) {
		s.Fault, s.Sweep = l.fault, 200*time.Millisecond
		l.conn = s.Conn
		if s.Disk != nil && o.Power {
			s.Disk.Fsync = o.shadow().fsync
		}
	}
	if o.URL != "" {
		conn, err := nats.Connect(o.URL, nats.MaxReconnects(-1))
		if err != nil {
			return nil, err
		}
		return tasks.Connect(ctx, o.URL, func(s *setup.Options) { s.Conn = conn }, option)
	}
	opts := []embedded.Option{embedded.Client(option)}
	if o.Relaxed {
		opts = append(opts, embedded.RelaxedSync())
	}
	return embedded.Open(ctx, o.Dir, opts...)
}

// run is the whole life of a process.
func (o order) run() error {
	file, err := os.OpenFile(o.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	l := &logbook{file: file, o: o}
	ctx, cancel := context.WithTimeout(context.Background(), o.Patience)
	defer cancel()
	c, err := o.open(ctx, l)
	if err != nil {
		return err
	}
	if err := l.largestSchedule(ctx, -1); err != nil { // the one before may have been killed while it was jammed
		return err
	}
	w := tasks.NewWorker(c)
	if err := l.handle(w); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- w.Run(context.Background()) }()
	if err := l.push(ctx, c); err != nil {
		return err
	}
	switch {
	case o.Finish:
		err = l.finish(ctx, c)
	case o.Point == "overdue":
		err = l.jam(ctx, c)
	case o.Only != "":
		<-ctx.Done()
	default:
		err = l.trouble(ctx, c)
	}
	if err != nil {
		return err
	}
	bound, stop := context.WithTimeout(context.Background(), time.Second)
	defer stop()
	return errors.Join(w.Close(bound), <-ended, c.Close())
}
