package remuda

// Logger is what [Herd.SetLogger] takes; [log.Logger] is one.
type Logger interface {
	Printf(format string, v ...any)
}

// settings is what is chosen before a herd starts and read-only from then on.
type settings[Body, Result any] struct {
	maxRetries int
	logger     Logger
	onSuccess  []func(*Work[Body, Result])
	onRetry    []func(*Work[Body, Result])
	onFailure  []func(*Work[Body, Result])
}

// SetMaxRetries sets how many times a unit of work is tried again before it
// fails; the default is 0. A negative number is taken for 0. Like all methods
// that set something other than the size, it returns [ErrPoolStarted] and
// changes nothing once the herd is started.
func (h *Herd[Body, Result]) SetMaxRetries(n int) error {
	return h.set(func() { h.maxRetries = max(n, 0) })
}

// SetLogger sets where the herd logs what happens to each unit of work, by its
// ID; the default is nowhere. The logger must be safe for concurrent use.
func (h *Herd[Body, Result]) SetLogger(l Logger) error {
	return h.set(func() { h.logger = l })
}

// AddSuccessCallback adds a function that is called with each unit of work that
// has succeeded, before that is put out.
//
// A callback gets a copy of the work as it was at that moment, so it may keep
// it. It is called by the gopher that processed the work, several at a time; the
// callbacks of one kind are called in the order in which they were added. One
// that panics does no harm but to itself: the unit is put out all the same,
// and its Err tells. The gopher waits for it, so it must not wait for the herd,
// in SendWork or Close.
func (h *Herd[Body, Result]) AddSuccessCallback(f func(*Work[Body, Result])) error {
	return h.set(func() { h.onSuccess = append(h.onSuccess, f) })
}

// AddRetryCallback adds a function that is called each time that a unit of work
// is about to be tried again; its Retries counts that one. See
// AddSuccessCallback for how.
func (h *Herd[Body, Result]) AddRetryCallback(f func(*Work[Body, Result])) error {
	return h.set(func() { h.onRetry = append(h.onRetry, f) })
}

// AddFailureCallback adds a function that is called with each unit of work that
// has failed, before that is put out. See AddSuccessCallback for how; units that
// Close dropped come on the goroutine of Close.
func (h *Herd[Body, Result]) AddFailureCallback(f func(*Work[Body, Result])) error {
	return h.set(func() { h.onFailure = append(h.onFailure, f) })
}

// set changes a setting, if it is not too late. change must not call the user's
// code.
func (h *Herd[Body, Result]) set(change func()) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.started {
		return ErrPoolStarted
	}
	change()
	return nil
}

// logf logs, if that is wanted. It must be called without mu.
func (h *Herd[Body, Result]) logf(format string, v ...any) {
	h.mu.Lock() // the input may be closed before SetLogger is called
	l := h.logger
	h.mu.Unlock()
	if l != nil {
		l.Printf(format, v...)
	}
}
