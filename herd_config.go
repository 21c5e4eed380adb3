package remuda

import "log"

// settings is what is chosen before a herd starts and read-only from then on.
type settings[Body, Result any] struct {
	maxRetries int
	logger     Logger
	onSuccess  []func(*Work[Body, Result])
	onRetry    []func(*Work[Body, Result])
	onFailure  []func(*Work[Body, Result])
}

// SetMaxRetries sets how many times a unit of work is tried again before it fails;
// the default is 0. A negative number counts as 0. Like all methods that set
// something other than the size, it returns [ErrPoolStarted] once the herd is
// started, and [ErrPoolClosed] after Close, and changes nothing then.
func (h *Herd[Body, Result]) SetMaxRetries(n int) error {
	return h.set(func() { h.maxRetries = max(n, 0) })
}

// SetLogger sets where the herd logs what happens to each unit of work, by its
// ID, in one line each; nil, the default, is nowhere. A [*log.Logger] that is nil
// is refused with [ErrNilJob].
//
// The logger must be safe for concurrent use, and must not wait for the herd, in
// SendWork or Close. If it panics, that is the Err of the unit that the line is
// about. At a line about the herd, the panic goes on to the caller of
// CloseInputChan, Close or SetHerdSize, once that has done its work.
func (h *Herd[Body, Result]) SetLogger(l Logger) error {
	if l, ok := l.(*log.Logger); ok && l == nil {
		return nilError("logger of type *log.Logger")
	}
	return h.set(func() { h.logger = l })
}

// AddSuccessCallback adds a function that is called with each unit of work that has
// succeeded, before it is delivered. It returns [ErrNilJob] for nil.
//
// A callback gets a copy of the work as it was at that moment, so it may keep it.
// It is called by the gopher that processed the work, several at a time; the
// callbacks of one kind are called in the order in which they were added. One that
// panics or ends its goroutine does no harm: the others are called, the unit is
// delivered, and its Err tells. The gopher waits for it, so it must not wait for
// the herd, in SendWork or Close.
func (h *Herd[Body, Result]) AddSuccessCallback(f func(*Work[Body, Result])) error {
	return addCallback(h.set, &h.onSuccess, f, "success")
}

// AddRetryCallback adds a function that is called each time that a unit of work
// is about to be tried again; its Retries counts that one. See
// AddSuccessCallback for how.
func (h *Herd[Body, Result]) AddRetryCallback(f func(*Work[Body, Result])) error {
	return addCallback(h.set, &h.onRetry, f, "retry")
}

// AddFailureCallback adds a function that is called with each unit of work that has
// failed, before it is delivered. See AddSuccessCallback for how; for units that
// Close dropped, it is called on the goroutine of Close.
func (h *Herd[Body, Result]) AddFailureCallback(f func(*Work[Body, Result])) error {
	return addCallback(h.set, &h.onFailure, f, "failure")
}

// addCallback adds f to the callbacks of the kind that is named, by set.
func addCallback[Work any](set func(func()) error, callbacks *[]func(*Work), f func(*Work), kind string) error {
	if f == nil {
		return nilError(kind + " callback")
	}
	return set(func() { *callbacks = append(*callbacks, f) })
}

// set changes a setting, if it is not too late. change must not call the user's
// code.
func (h *Herd[Body, Result]) set(change func()) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return ErrPoolClosed
	case h.started:
		return ErrPoolStarted
	}
	change()
	return nil
}
