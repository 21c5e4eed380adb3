package dispatch

import "github.com/remuda-go/remuda/internal/queuetime"

// What is queued is on the in side and the out side or, where inputs have keys, in
// keyed. One of the two is always empty: a nil keyed is. So whoever asks what is queued
// asks both, and need not know which of them the dispatcher uses.

// An entry is an input in the queue.
type entry[T any] struct {
	item  T
	stamp queuetime.Stamp
}

// acceptLocked takes an item over. A worker must be woken for it.
func (d *state[T, S]) acceptLocked(item T) (seq uint64) {
	d.accepted++
	return d.in.Push(entry[T]{item, d.stamper.Stamp(d.Clock)})
}

// pushGuestLocked puts a guest into the queue. Where items are gathered it needs a
// stamp: it may be the first, for which the others are waited.
func (d *state[T, S]) pushGuestLocked(item T) (seq uint64) {
	guest := entry[T]{item: item}
	if d.Gathering.Size > 0 {
		guest.stamp = queuetime.Stamp(d.Clock.Now())
	}
	return d.in.PushGuest(guest)
}

// removeLocked takes an item out, if it is still there. It needs both locks.
func (d *state[T, S]) removeLocked(seq uint64) (it entry[T], ok bool) {
	if it, ok = d.out.Remove(seq); ok {
		return it, true
	}
	if it, ok = d.in.Remove(seq); ok {
		return it, true
	}
	return d.keyed.remove(seq)
}

// hasPlaceLocked reports whether there is room in the queue. It is exact if ahead
// was brought up to date under outMu. It does not know of inputs with keys.
func (d *state[T, S]) hasPlaceLocked() bool { return d.in.Places()+d.ahead < d.Bound }

// placesLocked returns how many places are taken. It needs both locks.
func (d *state[T, S]) placesLocked() int { return d.in.Places() + d.out.Places() + d.keyed.length() }

// workWaitsLocked reports whether something waits for a worker. It does without
// outMu: if no worker was free for what is on the out side, unserved is set.
func (d *state[T, S]) workWaitsLocked() bool {
	return d.roster.unserved || d.in.Len() > 0 || d.waiters.firstWaiting() != nil || d.keyed.hasWork()
}

// hasWorkLocked is workWaitsLocked for those who have both locks.
func (d *state[T, S]) hasWorkLocked() bool {
	return d.out.Len()+d.in.Len() > 0 || d.waiters.firstWaiting() != nil || d.keyed.hasWork()
}
