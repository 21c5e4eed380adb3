package remuda

// Logger is what [Herd.SetLogger] takes; [log.Logger] is one.
type Logger interface {
	Printf(format string, v ...any)
}

// logf logs, if that is wanted. It must be called without mu. The logger may
// panic, or end the goroutine.
func (h *Herd[Body, Result]) logf(format string, v ...any) {
	h.mu.Lock() // the input may be closed before SetLogger is called
	l := h.logger
	if l == nil || h.silent {
		h.mu.Unlock()
		return
	}
	h.logging.Add(1)
	h.mu.Unlock()
	defer h.logging.Done()
	l.Printf(format, v...)
}

// protectedLogf is logf where neither a caller nor the error of a unit can tell
// what the logger panics with: Close does.
func (h *Herd[Body, Result]) protectedLogf(format string, v ...any) {
	var failed error
	defer func() { // even if the logger ends the goroutine
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.fault == nil {
			h.fault = failed
		}
	}()
	protect(&failed, func() { h.logf(format, v...) })
}

// protect calls f, which is the user's or calls what is. If f panics, failed is
// set to a *PanicError. If f ends its goroutine, which nothing can stop, failed
// is set to ErrGoexit for the deferred functions of the caller.
func protect(failed *error, f func()) {
	if p := recovered(failed, f); p != nil {
		*failed = p
	}
}

// recovered is the part of protect that also a goroutine which ends leaves
// through its deferred function. That cannot tell Goexit from panic(nil), which
// is nothing to recover with GODEBUG=panicnil=1; but only after a panic does
// recovered return.
func recovered(failed *error, f func()) (panicked *PanicError) {
	returned := false
	defer func() {
		if !returned {
			*failed = ErrGoexit
			panicked = newPanicError(recover())
		}
	}()
	f()
	returned = true
	return nil
}
