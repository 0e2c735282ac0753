package connection

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/exceptions"
)

// Events of [BlockingConnection.Poll], with the values of poll(2). The last three are
// always reported.
const (
	PollIn    = unix.POLLIN
	PollOut   = unix.POLLOUT
	PollErr   = unix.POLLERR
	PollHup   = unix.POLLHUP
	PollInval = unix.POLLNVAL
)

// PollEvent is a descriptor and its events.
type PollEvent struct {
	Fd     int
	Events int
}

// Poll waits until one of the events in mask occurs. It returns nil if there was none
// before the timeout.
func (c *BlockingConnection) Poll(ctx context.Context, mask int, timeout time.Duration) ([]PollEvent, error) {
	sock, err := c.socket()
	if err != nil {
		return nil, err
	}
	open, stop := c.untilClosed(ctx)
	defer stop()
	events, err := PollSocket(open, sock, mask, timeout)
	if open.Err() != nil && ctx.Err() == nil {
		return nil, errClosedMeanwhile
	}
	return events, err
}

// PollSocket is [BlockingConnection.Poll] for any socket.
func PollSocket(ctx context.Context, sock syscall.Conn, mask int, timeout time.Duration) ([]PollEvent, error) {
	fd, err := fileno(sock)
	if err != nil {
		return nil, named(ctx, err)
	}
	events, err := pollSocket(ctx, sock, int16(mask), timeout)
	err = named(ctx, err)
	if errors.Is(err, exceptions.ConnectionTimeout) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []PollEvent{{fd, int(events)}}, nil
}

// pollSocket waits on a duplicate of the descriptor, whose deadlines do not affect
// those who read and write at the same time.
func pollSocket(ctx context.Context, sock syscall.Conn, mask int16, timeout time.Duration) (int16, error) {
	dup, err := duplicate(sock)
	if err != nil {
		return 0, err
	}
	defer dup.Close()
	raw, err := dup.SyscallConn()
	if err != nil {
		return 0, err
	}
	var events int16
	wait := limiter{setDeadline: dup.SetDeadline}
	err = wait.run(ctx, timeout, func() (err error) {
		events, err = pollDirections(dup, raw, mask)
		return err
	})
	return events, err
}

// pollDirections waits for reading and for writing. The poller of the runtime waits for
// one of them at a time, so each needs a goroutine; the first that sees an event ends
// the wait of the other.
func pollDirections(dup *os.File, raw syscall.RawConn, mask int16) (int16, error) {
	switch {
	case mask&PollIn == 0:
		return waitReady(raw.Write, mask)
	case mask&PollOut == 0:
		return waitReady(raw.Read, mask)
	}
	type outcome struct {
		events int16
		err    error
	}
	writable := make(chan outcome, 1)
	go func() {
		events, err := waitReady(raw.Write, mask)
		dup.SetReadDeadline(pastDeadline)
		writable <- outcome{events, err}
	}()
	events, err := waitReady(raw.Read, mask)
	dup.SetWriteDeadline(pastDeadline)
	other := <-writable
	if err != nil {
		return other.events, other.err
	}
	return events, nil
}

// waitReady checks the descriptor whenever wait says that it has changed.
func waitReady(wait func(func(fd uintptr) bool) error, mask int16) (int16, error) {
	var events int16
	var err error
	waitErr := wait(func(fd uintptr) bool {
		fds := []unix.PollFd{{Fd: int32(fd), Events: mask}}
		for {
			_, err = unix.Poll(fds, 0)
			if err != unix.EINTR {
				break
			}
		}
		events = fds[0].Revents
		return err != nil || events != 0
	})
	if waitErr != nil {
		return 0, waitErr
	}
	return events, err
}

func duplicate(sock syscall.Conn) (*os.File, error) {
	dup, err := duplicateFd(sock)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(dup), "socket"), nil
}
