package remuda

import "errors"

// A bulkError is the error of a bulk in which some inputs failed. It is what the
// function returned.
type bulkError struct {
	errs []error // of each input; nil for those that succeeded
	err  error
}

func (e *bulkError) Error() string { return e.err.Error() }
func (e *bulkError) Unwrap() error { return e.err }

// splitByInput returns the error of each of n inputs, if err joins those of some and
// nothing else, and else nil.
func splitByInput(err error, n int) (errs []error) {
	if err == nil {
		return nil
	}
	errs = make([]error, n)
	if !splitInto(errs, err) {
		return nil
	}
	return errs
}

// splitInto returns false if err does not say whose it is. A method of the user's may
// panic.
func splitInto(errs []error, err error) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	switch e := err.(type) {
	case *InputError:
		if e.Index < 0 || e.Index >= len(errs) {
			return false
		}
		errs[e.Index] = joined(errs[e.Index], e)
		return true
	case interface{ Unwrap() []error }:
		all := e.Unwrap()
		for _, err := range all {
			if !splitInto(errs, err) {
				return false
			}
		}
		return len(all) > 0
	case interface{ Unwrap() error }:
		return splitInto(errs, e.Unwrap())
	default:
		return false
	}
}

// joined is the error of an input of which e comes after before.
func joined(before error, e *InputError) error {
	err := e.Err
	if err == nil {
		err = e
	}
	if before == nil {
		return err
	}
	return errors.Join(before, err)
}

// byInput returns the error of each input after a run that returned err, and else nil
// if that is the error of all. What wraps the function's own error changes nothing,
// but what joins it with another one is for all.
func byInput(err error) (errs []error) {
	defer func() {
		if recover() != nil { // in a method of the user's
			errs = nil
		}
	}()
	for {
		switch e := err.(type) {
		case *bulkError:
			return e.errs
		case *closedRunError:
			errs := byInput(e.err)
			for i, err := range errs {
				errs[i] = e.with(err)
			}
			return errs
		case interface{ Unwrap() error }:
			err = e.Unwrap()
		default:
			return nil
		}
	}
}
