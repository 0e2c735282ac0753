// Package posix contains what the owner of a bare file descriptor needs: waiting for
// it, and reading and writing with a timeout.
package posix

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/exceptions"
)

// Poll waits until one of the descriptors is ready, and returns how many are; see
// poll(2). After the timeout it returns 0. A negative timeout means no limit. When ctx
// ends, Poll returns its cause. It waits like [Wait].
func Poll(ctx context.Context, fds []unix.PollFd, timeout time.Duration) (int, error) {
	n, err := poll(fds, 0)
	if n > 0 || err != nil || timeout == 0 {
		return n, err
	}
	wake, err := newAlarm(ctx)
	if err != nil {
		return 0, err
	}
	defer wake.release()
	deadline := time.Now().Add(timeout)
	all := append(append(make([]unix.PollFd, 0, len(fds)+1), fds...), unix.PollFd{Fd: int32(wake.fd), Events: unix.POLLIN})
	for {
		left := timeout
		if timeout > 0 {
			left = max(time.Until(deadline), 0)
		}
		n, err := Wait(all, left)
		if err == nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return 0, err
		}
		if n > 0 || timeout > 0 && !time.Now().Before(deadline) {
			copy(fds, all)
			return n, nil
		}
	}
}

// alarm is a descriptor that becomes readable when a context ends.
type alarm struct {
	fd   int
	stop func() bool
	rung chan struct{}
}

func newAlarm(ctx context.Context) (*alarm, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("eventfd: %w", err)
	}
	a := &alarm{fd: fd, rung: make(chan struct{})}
	a.stop = context.AfterFunc(ctx, func() {
		_, _ = unix.Write(fd, []byte{1, 0, 0, 0, 0, 0, 0, 0})
		close(a.rung)
	})
	return a, nil
}

// release waits if the alarm is just being triggered: the number of a closed descriptor
// may belong to another file by then.
func (a *alarm) release() {
	if !a.stop() {
		<-a.rung
	}
	unix.Close(a.fd)
}

// Read waits for data and reads at most len(buf) bytes. It returns 0 at the end, which
// for the master of a pseudoterminal is when no process has its replica open. A
// negative timeout means no limit; after the timeout the error is an
// exceptions.Timeout. If another thread reads from the same blocking descriptor, it may
// take the data, and Read blocks.
func Read(ctx context.Context, fd int, buf []byte, timeout time.Duration) (int, error) {
	deadline := time.Now().Add(timeout)
	for {
		if err := ready(ctx, fd, unix.POLLIN, timeout, deadline, "read"); err != nil {
			return 0, err
		}
		n, err := unix.Read(fd, buf)
		switch {
		case err == nil:
			return n, nil
		case errors.Is(err, unix.EIO) && IsTerminal(fd):
			return 0, nil
		case !again(err):
			return 0, fmt.Errorf("read from descriptor %d: %w", fd, err)
		}
	}
}

// Write writes all of data and returns how much was written if that fails. A negative
// timeout means no limit; after the timeout the error is an exceptions.Timeout.
func Write(ctx context.Context, fd int, data []byte, timeout time.Duration) (written int, err error) {
	deadline := time.Now().Add(timeout)
	for written < len(data) {
		if err := ready(ctx, fd, unix.POLLOUT, timeout, deadline, "write"); err != nil {
			return written, err
		}
		// A pipe that is ready accepts this much without blocking.
		n, err := unix.Write(fd, data[written:min(len(data), written+pipeBuf)])
		written += max(n, 0)
		if err != nil && !again(err) {
			return written, fmt.Errorf("write to descriptor %d: %w", fd, err)
		}
	}
	return written, nil
}

// pipeBuf is PIPE_BUF.
const pipeBuf = 4096

func again(err error) bool { return errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) }

// ready waits for one descriptor.
func ready(ctx context.Context, fd int, events int16, timeout time.Duration, deadline time.Time, what string) error {
	left := timeout
	if timeout > 0 {
		left = max(time.Until(deadline), 0)
	}
	fds := []unix.PollFd{{Fd: int32(fd), Events: events}}
	n, err := Poll(ctx, fds, left)
	switch {
	case err != nil:
		return err
	case n == 0:
		return exceptions.Timeout.Newf("could not %s within %v: descriptor %d was not ready", what, timeout, fd)
	}
	return nil
}

// IsTerminal reports whether a descriptor is one end of a terminal.
func IsTerminal(fd int) bool {
	_, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	return err == nil
}
