package fdtx

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/connection"
	"avescript/core/exceptions"
)

// socket is a non-blocking Unix stream socket.
//
// It is only registered with the runtime's poller when somebody has to wait for the
// first time. From then on a message costs a third more.
type socket struct {
	file             *os.File
	raw              syscall.RawConn
	reading, writing direction
	incoming         // used by the goroutine with the turn to read
	outgoing         // used by the goroutine with the turn to write

	mu     sync.Mutex
	polled *os.File // a duplicate for the poller; nil until needed
	closed bool
}

// direction is what reading or writing needs. Its functions are created once, because
// creating them costs half as much as a system call.
type direction struct {
	turn
	transfer func(fd int) error // of a message; needs the turn
	op       func(fd int) error
	attempt  func(fd uintptr) // calls op
	err      error            // of op
}

func (d *direction) init(transfer func(fd int) error) {
	d.turn, d.transfer = newTurn(), transfer
	d.attempt = func(fd uintptr) { d.err = d.op(int(fd)) }
}

func newSocket() (*socket, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return ownSocket(fd)
}

// ownSocket takes over the descriptor, even if it fails. It must be blocking; otherwise
// os.NewFile would register it with the poller.
func ownSocket(fd int) (*socket, error) {
	file := os.NewFile(uintptr(fd), "unix socket")
	raw, err := file.SyscallConn()
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	s := &socket{file: file, raw: raw}
	s.reading.init(s.recvmsg)
	s.writing.init(s.sendmsg)
	return s, nil
}

// close may be called more than once.
func (s *socket) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	err := s.file.Close()
	if s.polled != nil {
		err = errors.Join(err, s.polled.Close())
	}
	return err
}

// poll returns the file for waiting.
func (s *socket) poll() (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, os.ErrClosed
	}
	if s.polled != nil {
		return s.polled, nil
	}
	err := s.control(func(fd int) error {
		dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
		if err == nil {
			s.polled = os.NewFile(uintptr(dup), "unix socket")
		}
		return err
	})
	return s.polled, err
}

// control runs f on the descriptor, which cannot be closed meanwhile.
func (s *socket) control(f func(fd int) error) error {
	var err error
	if s.raw.Control(func(fd uintptr) { err = f(int(fd)) }) != nil {
		return os.ErrClosed // here package os has no constant for its error
	}
	return err
}

// read calls op until it returns something other than EAGAIN, whenever there is
// something to read.
func (s *socket) read(ctx context.Context, op func(fd int) error) error {
	if err := s.once(&s.reading, op); !errors.Is(err, unix.EAGAIN) {
		return err
	}
	return s.wait(ctx, &s.reading, syscall.RawConn.Read, (*os.File).SetReadDeadline)
}

// write calls op until it returns something other than EAGAIN, whenever there is room
// to write.
func (s *socket) write(ctx context.Context, op func(fd int) error) error {
	if err := s.once(&s.writing, op); !errors.Is(err, unix.EAGAIN) {
		return err
	}
	return s.wait(ctx, &s.writing, syscall.RawConn.Write, (*os.File).SetWriteDeadline)
}

func (s *socket) once(d *direction, op func(fd int) error) error {
	d.op = op
	if s.raw.Control(d.attempt) != nil {
		return os.ErrClosed
	}
	return d.err
}

func (s *socket) wait(ctx context.Context, d *direction,
	whenReady func(raw syscall.RawConn, f func(fd uintptr) bool) error, setDeadline func(*os.File, time.Time) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	file, err := s.poll()
	if err != nil {
		return err
	}
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	if ctx.Done() != nil {
		defer expire(ctx, func(t time.Time) error { return setDeadline(file, t) })()
	}
	failed := whenReady(raw, func(fd uintptr) bool {
		d.attempt(fd)
		return !errors.Is(d.err, unix.EAGAIN)
	})
	switch {
	case failed == nil:
		return d.err
	case errors.Is(failed, os.ErrDeadlineExceeded):
		return failed
	}
	return os.ErrClosed
}

// expire makes the deadline pass when ctx ends, until stop is called.
func expire(ctx context.Context, setDeadline func(time.Time) error) (stop func()) {
	expired := make(chan struct{})
	forget := context.AfterFunc(ctx, func() {
		_ = setDeadline(time.Unix(1, 0))
		close(expired)
	})
	return func() {
		if !forget() {
			<-expired
			_ = setDeadline(time.Time{})
		}
	}
}

// A turn lets only one goroutine at a time use a direction of a socket.
type turn struct{ connection.Turn }

func newTurn() turn { return turn{connection.NewTurn()} }

func (t turn) take(ctx context.Context) error {
	if t.TryTake() {
		return nil
	}
	_, err := t.Take(ctx, Forever)
	return err
}

// within adds a timeout to ctx.
func within(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout < 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, timeout)
}

var errClosed = exceptions.ConnectionClosed.Newf("connection closed")

// named gives errors the names that they have in the document. ctx is the context of
// the caller.
func named(ctx context.Context, err error) error {
	var unreached *unreachedError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, context.Canceled), errors.Is(err, exceptions.ConnectionTimeout):
		switch {
		case errors.Is(ctx.Err(), context.Canceled):
			return context.Cause(ctx)
		case errors.As(err, &unreached):
			return exceptions.Timeout.Newf("timed out: %w", err)
		}
		return exceptions.Timeout.Newf("timed out")
	case errors.Is(err, io.EOF), errors.Is(err, os.ErrClosed), errors.Is(err, unix.EPIPE), errors.Is(err, unix.ECONNRESET):
		return errClosed
	}
	return err
}
