package control

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// fault is a panic in the Go code of a handler or callback. It is the error of
// that one call, so that a bug in a method is not the end of the service.
type fault struct {
	value any
	stack []byte
}

func (f *fault) Error() string { return fmt.Sprintf("internal error: %v", f.value) }

func isFault(err error) bool {
	var f *fault
	return errors.As(err, &f)
}

// guard calls f and makes a fault of its panic.
func guard(f func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &fault{value, debug.Stack()}
		}
	}()
	return f()
}

// logError logs the error of a handler or callback, with the stack that only
// an administrator is to see.
func (s *Server) logError(what string, err error) {
	var f *fault
	if errors.As(err, &f) {
		err = fmt.Errorf("%w\n%s", err, f.stack)
	}
	s.log("%s: %v", what, err)
}
