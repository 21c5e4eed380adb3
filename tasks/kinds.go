package tasks

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// KindInfo is the state of a kind.
type KindInfo struct {
	Kind       string
	Waiting    int           // in the queue, not taken by a worker; short retries are among them, and what was pushed again and has ended
	Running    int           // taken by workers
	Scheduled  int           // not yet due, or on the way into the queue: At, After, long retries, redriven
	Dead       int           // given up, and not redriven or deleted
	MaxQueued  int           // bound of Waiting and Running
	MaxRunning int           // bound of Running over all processes; 0 is none
	Oldest     time.Duration // since the oldest task that waits or runs was pushed
	Paused     bool
	Handled    bool // a worker that is there handles the kind
}

// Kinds returns the state of every kind that has been used, by name. The first call
// of a client reads the headers of all records, to count the dead; later ones read
// what has been written since.
func (c *Client) Kinds(ctx context.Context) ([]KindInfo, error) {
	dead, err := c.countDead(ctx)
	if err != nil {
		return nil, err
	}
	var kinds []KindInfo
	streams, err := c.queueStreams(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range streams {
		kind := strings.TrimPrefix(name, queuePrefix)
		info, err := c.kindInfo(ctx, kind)
		if errors.Is(err, jetstream.ErrStreamNotFound) || errors.Is(err, jetstream.ErrConsumerNotFound) {
			continue // being made, or gone
		}
		if err != nil {
			return nil, fmt.Errorf("remuda: kind %s: %w", kind, err)
		}
		info.Dead = dead[kind]
		kinds = append(kinds, info)
	}
	slices.SortFunc(kinds, func(a, b KindInfo) int { return strings.Compare(a.Kind, b.Kind) })
	return kinds, nil
}

// queueStreams returns the names of the streams of all kinds.
func (c *Client) queueStreams(ctx context.Context) ([]string, error) {
	var found []string
	names := c.js.StreamNames(ctx, jetstream.WithStreamListSubject(queueSubjects+">"))
	for name := range names.Name() {
		if strings.HasPrefix(name, queuePrefix) {
			found = append(found, name)
		}
	}
	if err := names.Err(); err != nil {
		return nil, fmt.Errorf("remuda: kinds: %w", err)
	}
	return found, nil
}

func (c *Client) kindInfo(ctx context.Context, kind string) (KindInfo, error) {
	stream, err := c.streamInfo(ctx, queueStream(kind))
	if err != nil {
		return KindInfo{}, err
	}
	consumer, err := c.consumerInfo(ctx, queueStream(kind), workConsumer)
	if err != nil {
		return KindInfo{}, err
	}
	info := KindInfo{
		Kind:       kind,
		Running:    consumer.NumAckPending,
		Waiting:    max(0, int(stream.State.Msgs)-consumer.NumAckPending),
		MaxQueued:  int(stream.Config.MaxMsgs),
		MaxRunning: max(0, consumer.Config.MaxAckPending),
		Paused:     consumer.Paused,
	}
	if stream.State.Msgs > 0 {
		info.Oldest = max(0, c.now().Sub(stream.State.FirstTime))
	}
	for _, subjects := range []string{scheduleSubjects, dueSubjects} {
		n, err := c.countSubjects(ctx, scheduleStream, subjects+kind+".>")
		if err != nil {
			return KindInfo{}, err
		}
		info.Scheduled += n
	}
	info.Handled, err = c.handled(ctx, kind)
	return info, err
}

// countSubjects counts the messages of a stream that has one for each subject.
func (c *Client) countSubjects(ctx context.Context, stream, filter string) (int, error) {
	n := 0
	for offset := 0; ; {
		var info struct {
			State struct {
				Subjects map[string]uint64 `json:"subjects"`
			} `json:"state"`
			Total int `json:"total"`
		}
		err := c.api(ctx, "STREAM.INFO."+stream, map[string]any{"subjects_filter": filter, "offset": offset}, &info)
		if err != nil {
			return 0, err
		}
		for subject := range info.State.Subjects {
			if !strings.HasSuffix(subject, "."+tagExpiry) && !strings.HasSuffix(subject, "."+tagCron) {
				n++
			}
		}
		offset += len(info.State.Subjects)
		if len(info.State.Subjects) == 0 || offset >= info.Total {
			return n, nil
		}
	}
}

// handled asks whether some worker subscribes to what those of the kind do.
func (c *Client) handled(ctx context.Context, kind string) (bool, error) {
	asking, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	_, err := c.nc.RequestWithContext(asking, askSubjects+kind+"."+anybody, nil)
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return false, nil
	case err == nil:
		return true, nil
	case asking.Err() != nil && ctx.Err() == nil:
		return true, nil // there is somebody, who is slow to answer
	}
	return false, err
}

// anybody is asked for in place of a task, and every handler answers.
const anybody = "%"
