package fdtx

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/exceptions"
)

// MaxFds is the maximum number of descriptors in a message, the kernel's SCM_MAX_FD.
const MaxFds = 253

// outgoing is a message that is being sent.
type outgoing struct {
	message []byte
	sent    int
	rights  []byte // the descriptors; nil once they are sent
}

// Put sends a message, which must not be empty, with copies of descriptors. The caller
// still owns its descriptors and may close them when Put returns. The message arrives
// completely, even if this side is closed or its process ends.
//
// A Put that fails has sent nothing or has closed the connection, because the peer
// would take the next message for the rest of this one.
func (t *FdTx) Put(ctx context.Context, message []byte, fds []int, timeout time.Duration) error {
	if len(message) == 0 {
		return exceptions.TypeError.Newf("wanted a message of at least one byte, because the socket carries descriptors with bytes only")
	}
	if len(fds) > MaxFds {
		return exceptions.OverflowError.Newf("wanted at most %d descriptors in a message, got %d", MaxFds, len(fds))
	}
	conn, err := t.connected()
	if err != nil {
		return err
	}
	limited, cancel := within(ctx, timeout)
	defer cancel()
	return named(ctx, conn.put(limited, message, fds))
}

func (s *socket) put(ctx context.Context, message []byte, fds []int) error {
	if err := s.writing.take(ctx); err != nil {
		return err
	}
	defer s.writing.Give()
	s.outgoing = outgoing{message: message}
	defer func() { s.outgoing = outgoing{} }()
	if len(fds) > 0 {
		s.rights = unix.UnixRights(fds...)
	}
	for s.sent < len(message) {
		err := s.write(ctx, s.writing.transfer)
		switch {
		case err != nil && s.sent > 0:
			return errors.Join(err, s.close())
		case err != nil:
			return explain(err, fds)
		}
	}
	return nil
}

// sendmsg sends the descriptors with the first bytes. More than one call is only needed
// if the socket has no room for the message.
func (s *socket) sendmsg(fd int) error {
	n, err := unix.SendmsgN(fd, s.message[s.sent:], s.rights, nil, unix.MSG_NOSIGNAL)
	if err == nil {
		s.sent += n
		s.rights = nil
	}
	return err
}

// explain says what is wrong with the descriptors.
func explain(err error, fds []int) error {
	switch {
	case errors.Is(err, unix.EBADF):
		for _, fd := range fds {
			if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil {
				return fmt.Errorf("put descriptor %d: %w", fd, err)
			}
		}
	case errors.Is(err, unix.ETOOMANYREFS):
		return fmt.Errorf("put %d descriptors: too many descriptors of this user are in transit: %w", len(fds), err)
	}
	return err
}
