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

// A piece is the result of one recvmsg: the kernel cuts messages that are longer than
// uncut, at a length that depends on its version and on the sender's buffer.
const (
	uncut    = 32 << 10
	mostRead = 64 << 10
	// pieceGap is how long the next piece of a message may take: all pieces come from
	// one call of the sender.
	pieceGap = time.Second
)

// incoming is a message that is being received.
type incoming struct {
	bytes []byte
	fds   []int
	lost  bool // some descriptors could not be received

	// Arguments and results of recvmsg.
	buffer, cmsgs        []byte
	room, cmsg           []byte
	n, controlLen, flags int
}

// Get receives a message of at most maxLen bytes with at most maxFds descriptors. The
// caller owns the descriptors, which are close-on-exec.
//
// A longer message is an OverflowError, and the connection is closed, because the rest
// of the message would look like the next one. The same happens for a message of 32 KiB
// or more whose length is not exactly maxLen: the kernel delivers it in pieces, and the
// last one is not marked. A message with too many descriptors is also an OverflowError,
// but the next message can be received. The descriptors of a refused message are
// closed.
//
// Messages can still be received after the peer has gone; then the error is
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

// GetExactly receives the next length bytes and the count descriptors that must come
// with them. Unlike Get it knows where a message ends. So it can separate messages
// without descriptors, and receive messages of any length.
//
// Too many descriptors are an OverflowError, too few an error; the next message can be
// received then. If the time is over or the peer has gone in the middle of the message,
// the connection is closed.
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

// take returns what was received, and forgets it.
func (in *incoming) take() (message []byte, fds []int) {
	message, fds = in.bytes, in.fds
	in.bytes, in.fds, in.lost = nil, nil, false
	return message, fds
}

// getAtMost receives a message that ends where the socket is empty, or where the kernel
// marks the end because of descriptors.
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

// nextPiece receives the next piece of a message that may have been cut. Data with
// descriptors does not belong to it.
func (s *socket) nextPiece(ctx context.Context, maxLen int) error {
	soon, cancel := context.WithTimeout(ctx, pieceGap)
	defer cancel()
	err := s.piece(soon, maxLen, len(s.fds))
	if s.lost || err != nil && ctx.Err() == nil && soon.Err() != nil {
		return s.broken(exceptions.OverflowError.Newf("wanted a message shorter than %d bytes, or of exactly %d, got %d", uncut, maxLen, len(s.bytes)))
	}
	return err
}

// goesOn reports whether there are more bytes that may belong to this message. Without
// room for descriptors the kernel only reports that there are some.
func (s *socket) goesOn() (more bool) {
	_ = s.control(func(fd int) error {
		n, _, flags, _, err := unix.Recvmsg(fd, make([]byte, 1), nil, unix.MSG_PEEK|unix.MSG_DONTWAIT)
		more = err == nil && n > 0 && flags&unix.MSG_CTRUNC == 0
		return nil
	})
	return more
}

// piece receives what is available of a message of length bytes with count descriptors.
// After an error in the middle of a message the connection is closed.
func (s *socket) piece(ctx context.Context, length, count int) error {
	if s.buffer == nil {
		s.buffer, s.cmsgs = make([]byte, mostRead), make([]byte, unix.CmsgSpace(4*MaxFds))
	}
	s.room, s.cmsg = s.buffer[:min(length-len(s.bytes), mostRead)], nil
	if missing := count - len(s.fds); missing > 0 {
		// If the number is odd, CmsgSpace would leave room for one more.
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

// broken closes the connection: its next bytes are not the beginning of a message.
func (s *socket) broken(err error) error { return errors.Join(err, s.close()) }

// tooMany is the error if descriptors were lost that were sent.
func (in *incoming) tooMany(wanted int) error {
	if len(in.fds) < wanted {
		return fmt.Errorf("descriptors of a message were lost: this process cannot open more than the %d that have arrived", len(in.fds))
	}
	return exceptions.OverflowError.Newf("wanted at most %d descriptors with a message, got more", wanted)
}

// CloseAll closes descriptors that [FdTx.Get] has returned. Most of them are
// consecutive numbers, which the kernel closes in one call.
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
