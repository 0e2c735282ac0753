package fdtx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/exceptions"
)

// A piece is what one recvmsg gives: the kernel cuts messages that are longer
// than uncut, at a length that depends on its version and on the sender's buffer.
const (
	uncut    = 32 << 10
	mostRead = 64 << 10
	// pieceGap is how long the next piece of a message may take: the pieces
	// come from one call of the sender.
	pieceGap = time.Second
)

// incoming is a message on its way in.
type incoming struct {
	bytes []byte
	fds   []int
	lost  bool // there were more descriptors than arrived

	// What recvmsg is given, and what it gives.
	buffer, cmsgs        []byte
	room, cmsg           []byte
	n, controlLen, flags int
}

// Get receives a message of at most maxLen bytes with at most maxFds
// descriptors. They are the caller's, and close-on-exec.
//
// A message that is longer is an OverflowError, and the connection is closed,
// because the rest of it would pass for the next message. It is the same for one
// of 32 KiB or more that is not just as long as maxLen: the kernel delivers it in
// pieces, and nothing tells the last one. A message with too many descriptors is
// an OverflowError as well, but the next one can be got. None of the descriptors
// of a message that is refused stays open.
//
// Messages are got also after the peer has gone, and then it is
// ConnectionClosed.
func (t *FdTx) Get(ctx context.Context, maxLen, maxFds int, timeout time.Duration) (message []byte, fds []int, err error) {
	maxFds = min(maxFds, MaxFds)
	return t.receive(ctx, maxLen, maxFds, timeout, func(ctx context.Context, s *socket) error {
		if err := s.getAtMost(ctx, maxLen, maxFds); err != nil {
			return err
		}
		if s.lost {
			return s.tooMany(maxFds)
		}
		return nil
	})
}

// GetExactly receives the next length bytes and the count descriptors that must
// come with them. Unlike Get it knows where a message ends, and so it can tell
// messages apart that have no descriptors, and receive those of any length.
//
// A wrong number of descriptors is an OverflowError if there are too many and an
// error if there are too few; the next message can be got then. If the time is
// over or the peer gone in the middle of the message, the connection is closed.
func (t *FdTx) GetExactly(ctx context.Context, length, count int, timeout time.Duration) (message []byte, fds []int, err error) {
	return t.receive(ctx, length, count, timeout, func(ctx context.Context, s *socket) error {
		s.bytes = make([]byte, 0, length)
		for len(s.bytes) < length {
			if err := s.piece(ctx, length, count); err != nil {
				return err
			}
		}
		switch {
		case s.lost:
			return s.tooMany(count)
		case len(s.fds) < count:
			return fmt.Errorf("wanted %d descriptors with a message, got %d", count, len(s.fds))
		}
		return nil
	})
}

func (t *FdTx) receive(ctx context.Context, length, count int, timeout time.Duration,
	get func(ctx context.Context, s *socket) error) (message []byte, fds []int, err error) {
	if length < 1 {
		return nil, nil, exceptions.TypeError.Newf("wanted a message of at least one byte, got %d as its length", length)
	}
	if count < 0 || count > MaxFds {
		return nil, nil, exceptions.TypeError.Newf("wanted 0 to %d descriptors with a message, got %d", MaxFds, count)
	}
	conn, err := t.connected()
	if err != nil {
		return nil, nil, err
	}
	limited, cancel := within(ctx, timeout)
	defer cancel()
	if err := conn.reading.take(limited); err != nil {
		return nil, nil, named(ctx, err)
	}
	defer conn.reading.Give()
	err = get(limited, conn)
	message, fds = conn.take()
	if err != nil {
		CloseAll(fds)
		return nil, nil, named(ctx, err)
	}
	return message, fds, nil
}

// take gives away what has come.
func (in *incoming) take() (message []byte, fds []int) {
	message, fds = in.bytes, in.fds
	in.bytes, in.fds, in.lost = nil, nil, false
	return message, fds
}

// getAtMost gets a message that ends where nothing more is in the socket, or
// where the kernel marks it by descriptors.
func (s *socket) getAtMost(ctx context.Context, maxLen, maxFds int) error {
	if err := s.piece(ctx, maxLen, maxFds); err != nil {
		return err
	}
	for len(s.bytes) >= uncut && len(s.bytes) < maxLen {
		if err := s.nextPiece(ctx, maxLen); err != nil {
			return err
		}
	}
	if len(s.bytes) == maxLen && s.goesOn() {
		return s.broken(exceptions.OverflowError.Newf("wanted a message of at most %d bytes, got a longer one", maxLen))
	}
	return nil
}

// nextPiece gets more of a message that may have been cut. What has descriptors
// is not more of it.
func (s *socket) nextPiece(ctx context.Context, maxLen int) error {
	soon, cancel := context.WithTimeout(ctx, pieceGap)
	defer cancel()
	err := s.piece(soon, maxLen, len(s.fds))
	if s.lost || err != nil && ctx.Err() == nil && soon.Err() != nil {
		return s.broken(exceptions.OverflowError.Newf("wanted a message of less than %d bytes or of just %d, got %d", uncut, maxLen, len(s.bytes)))
	}
	return err
}

// goesOn reports whether there are more bytes that do not begin a message of
// their own for certain. Without room for descriptors the kernel tells only that
// there are some.
func (s *socket) goesOn() (more bool) {
	_ = s.control(func(fd int) error {
		n, _, flags, _, err := unix.Recvmsg(fd, make([]byte, 1), nil, unix.MSG_PEEK|unix.MSG_DONTWAIT)
		more = err == nil && n > 0 && flags&unix.MSG_CTRUNC == 0
		return nil
	})
	return more
}

// piece receives what there is of a message of length bytes with count
// descriptors. After an error in the middle of one the connection is closed.
func (s *socket) piece(ctx context.Context, length, count int) error {
	if s.buffer == nil {
		s.buffer, s.cmsgs = make([]byte, mostRead), make([]byte, unix.CmsgSpace(4*MaxFds))
	}
	s.room, s.cmsg = s.buffer[:min(length-len(s.bytes), mostRead)], nil
	if missing := count - len(s.fds); missing > 0 {
		// CmsgSpace would have room for one more, if the number is odd.
		s.cmsg = s.cmsgs[:unix.CmsgLen(4*missing)]
	}
	err := s.read(ctx, s.reading.transfer)
	if err == nil && s.n == 0 {
		err = io.EOF
	}
	if err != nil && len(s.bytes) > 0 {
		err = s.broken(err)
	}
	if err != nil {
		return err
	}
	s.bytes = append(s.bytes, s.room[:s.n]...)
	s.lost = s.lost || s.flags&unix.MSG_CTRUNC != 0
	return s.addRights(s.cmsg[:s.controlLen])
}

func (s *socket) recvmsg(fd int) (err error) {
	s.n, s.controlLen, s.flags, _, err = unix.Recvmsg(fd, s.room, s.cmsg, unix.MSG_CMSG_CLOEXEC)
	return err
}

func (in *incoming) addRights(control []byte) error {
	if len(control) == 0 {
		return nil
	}
	messages, err := unix.ParseSocketControlMessage(control)
	for _, m := range messages {
		fds, e := unix.ParseUnixRights(&m)
		in.fds = append(in.fds, fds...)
		err = errors.Join(err, e)
	}
	return err
}

// broken closes the connection, whose next bytes are not the beginning of a
// message.
func (s *socket) broken(err error) error { return errors.Join(err, s.close()) }

// tooMany is why descriptors were lost that have been sent.
func (in *incoming) tooMany(wanted int) error {
	if len(in.fds) < wanted {
		return fmt.Errorf("descriptors of a message were lost: this process cannot open more than the %d that have arrived", len(in.fds))
	}
	return exceptions.OverflowError.Newf("wanted at most %d descriptors with a message, got more", wanted)
}

// CloseAll closes descriptors that [FdTx.Get] has returned. Their numbers mostly
// follow each other, and the kernel closes such ones by one call.
func CloseAll(fds []int) {
	for len(fds) > 0 {
		n := 1
		for n < len(fds) && fds[n] == fds[0]+n {
			n++
		}
		if n == 1 || unix.CloseRange(uint(fds[0]), uint(fds[n-1]), 0) != nil {
			closeEach(fds[:n])
		}
		fds = fds[n:]
	}
}

func closeEach(fds []int) {
	for _, fd := range fds {
		_ = unix.Close(fd)
	}
}
