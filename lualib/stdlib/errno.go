package stdlib

import (
	"errors"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// cError returns the error as C has it: the text of strerror and the number. An
// error that is not from the system has its own text and the number 0.
func cError(err error) (text string, number int) {
	var errno syscall.Errno
	switch {
	case errors.As(err, &errno):
	case errors.Is(err, os.ErrClosed):
		errno = unix.EBADF
	default:
		return err.Error(), 0
	}
	// Go has the texts of C, but they begin in lower case.
	text = errno.Error()
	return strings.ToUpper(text[:1]) + text[1:], int(errno)
}
