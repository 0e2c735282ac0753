package control

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// fault is a panic in the Go code of a handler or callback. It becomes the error of
// that one call, so that a bug in a method does not end the service.
type fault struct {
	value any
	stack []byte
}

func (f *fault) Error() string { return fmt.Sprintf("internal error: %v", f.value) }

func isFault(err error) bool {
	var f *fault
	return errors.As(err, &f)
}

// guard calls f and converts a panic to a fault.
func guard(f func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &fault{value, debug.Stack()}
		}
	}()
	return f()
}

func traced(err error) string {
	var f *fault
	if errors.As(err, &f) {
		return fmt.Sprintf("%v\n%s", err, f.stack)
	}
	return exceptionOf(err).Text()
}
