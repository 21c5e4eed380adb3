package tasks

import (
	"strconv"
	"strings"
)

// The layout of streams and subjects, which docs/tasks.md describes for other
// clients.
const (
	stateStream    = "REMUDA_STATE" // records and keys
	scheduleStream = "REMUDA_SCHEDULE"
	queuePrefix    = "REMUDA_QUEUE_" // and the kind

	workConsumer  = "worker" // of each queue
	moverConsumer = "mover"  // of the schedule stream

	recordSubjects   = "remuda.record."
	eventSubjects    = "remuda.event." // records as they are written, headers only; progress
	keySubjects      = "remuda.key."
	cronSubjects     = "remuda.cron."
	dutySubject      = "remuda.duty.sweeper"
	healthSubject    = "remuda.duty.health"
	queueSubjects    = "remuda.queue."
	scheduleSubjects = "remuda.schedule."
	dueSubjects      = "remuda.due."
	askSubjects      = "remuda.ask."    // who runs this task?
	cancelSubjects   = "remuda.cancel." // to whoever runs it
	wakeSubjects     = "remuda.wake."   // to whoever handles the kind: ask for tasks again
)

// What the last token of a schedule may be instead of a tag.
const (
	tagCron   = "cron"
	tagExpiry = "expire"
)

func queueStream(kind string) string { return queuePrefix + kind }

// token is the part of a subject that names the task: two tokens, in fact.
func (id ID) token() string { return id.Kind() + "." + escape(id.Name()) }

func recordSubject(id ID) string         { return recordSubjects + id.token() }
func eventSubject(id ID) string          { return eventSubjects + id.token() }
func queueSubject(id ID) string          { return queueSubjects + id.token() }
func keySubject(kind, key string) string { return keySubjects + kind + "." + escape(key) }

// scheduleSubject ends in the tag, so that a schedule of one tag does not replace
// one of another (rule 3).
func scheduleSubject(id ID, tag string) string { return scheduleSubjects + id.token() + "." + tag }
func dueSubject(id ID, tag string) string      { return dueSubjects + id.token() + "." + tag }

func formatTag(tag uint64) string { return strconv.FormatUint(tag, 10) }

// messageID is what the window remembers (rule 4).
func messageID(id ID, tag uint64) string { return id.token() + "@" + formatTag(tag) }

// parseSubject finds the ID in a subject that begins with prefix, and what comes
// after it.
func parseSubject(subject, prefix string) (id ID, rest string, ok bool) {
	s, ok := strings.CutPrefix(subject, prefix)
	if !ok {
		return "", "", false
	}
	kind, s, ok := strings.Cut(s, ".")
	if !ok {
		return "", "", false
	}
	name, rest, _ := strings.Cut(s, ".")
	return NewID(kind, unescape(name)), rest, true
}
