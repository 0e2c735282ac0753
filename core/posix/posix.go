// Package posix has what the owner of a bare file descriptor needs: to wait for
// it, to read and to write within a time.
package posix

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/exceptions"
)

// Poll waits until something has happened to one of the descriptors, and returns
// how many it has happened to; see poll(2). It returns 0 when the time has
// passed. A negative timeout waits for ever. When ctx ends it returns its
// cause. A thread is taken up as long as it waits.
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
		left := -1
		if timeout > 0 {
			left = milliseconds(time.Until(deadline))
		}
		n, err := poll(all, left)
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

// milliseconds rounds up, so that nobody polls again and again in the last one.
func milliseconds(d time.Duration) int {
	ms := (d + time.Millisecond - 1) / time.Millisecond
	return int(min(max(ms, 0), math.MaxInt32))
}

// poll is poll(2), in which an interruption by a signal is no event.
func poll(fds []unix.PollFd, milliseconds int) (int, error) {
	n, err := unix.Poll(fds, milliseconds)
	if errors.Is(err, unix.EINTR) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("poll: %w", err)
	}
	return n, nil
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

// release waits for an alarm that is just being rung: the number of a closed
// descriptor may be another file's.
func (a *alarm) release() {
	if !a.stop() {
		<-a.rung
	}
	unix.Close(a.fd)
}

// Read waits for data and reads at most len(buf) bytes of it. It returns 0 at
// the end, which for the master of a pseudoterminal is when nobody has its
// replica open. A negative timeout waits for ever; one that passes is an
// exceptions.Timeout. If another thread reads from the same descriptor, and it
// is a blocking one, that may take what this one has waited for.
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

// Write writes all of data and returns how much of it was written when that
// fails. A negative timeout waits for ever; one that passes is an
// exceptions.Timeout.
func Write(ctx context.Context, fd int, data []byte, timeout time.Duration) (written int, err error) {
	deadline := time.Now().Add(timeout)
	for written < len(data) {
		if err := ready(ctx, fd, unix.POLLOUT, timeout, deadline, "write"); err != nil {
			return written, err
		}
		// A pipe that is ready takes that much without blocking.
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
