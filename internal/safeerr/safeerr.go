// Package safeerr looks into errors that come from a user's code: a nil pointer
// behind the interface, or an Unwrap that panics, must not change what becomes of
// a run for those who only watch it.
package safeerr

import "errors"

// Is is [errors.Is], and false if a method of err panics.
func Is(err, target error) (is bool) {
	defer func() {
		if recover() != nil {
			is = false
		}
	}()
	return errors.Is(err, target)
}

// AsType is [errors.AsType], and finds nothing if a method of err panics. It
// allocates nothing.
func AsType[E error](err error) (found E, ok bool) {
	defer func() {
		if recover() != nil {
			var none E
			found, ok = none, false
		}
	}()
	return errors.AsType[E](err)
}
