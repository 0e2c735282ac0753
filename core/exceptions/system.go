package exceptions

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// OfSystem converts an error of the operating system to an OSError, with its name as
// errno, such as "ENOENT", and the path. Any other error is returned unchanged.
func OfSystem(err error) error {
	var errno syscall.Errno
	var known *Error
	if !errors.As(err, &errno) || errors.As(err, &known) {
		return err
	}
	e := OSError.Newf("%w", err)
	e.Details = map[string]any{"errno": unix.ErrnoName(errno)}
	var about *fs.PathError
	var between *os.LinkError
	switch {
	case errors.As(err, &about):
		e.Details["path"] = about.Path
	case errors.As(err, &between):
		e.Details["path"] = between.Old
	}
	return e
}
