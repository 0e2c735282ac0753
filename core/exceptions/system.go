package exceptions

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// OfSystem makes an OSError of an error that the operating system has given,
// with its name as errno, such as "ENOENT", and the path that it is about. Any
// other error is returned as it is.
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
