package stdlib

import (
	"errors"
	"io"
)

var (
	errNoMemory = errors.New("not enough memory")
	errTooLong  = errors.New("resulting string too large")
)

// source is what a file is read from. It ends a single read of a file that has no end, such
// as /dev/zero, when the script ends or its memory does.
type source struct {
	io.Reader
	f *file
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	s.f.taken += n
	if err == nil {
		err = s.f.mayGoOn()
	}
	return n, err
}

// mayGoOn fails if the value that is being read must not become longer. Up to twice as
// much is needed for it.
func (f *file) mayGoOn() error {
	switch {
	case f.waiting != nil && f.waiting.Err() != nil:
		return f.waiting.Err()
	case f.taken > maxStringSize:
		return errTooLong
	case !f.lib.host.Fits(2 * f.taken):
		return errNoMemory
	}
	return nil
}
