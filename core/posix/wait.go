package posix

import (
	"errors"
	"math"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Wait is like poll(2), for a goroutine that may wait long; a negative timeout means no
// limit. It returns 0 after the timeout, or earlier.
//
// If only a few goroutines wait, each uses a thread. This is fastest, because the
// poller of the Go runtime would have to wake up another thread first. Beyond the limit
// of [TryThread] the poller is used, because threads count as processes in the limits
// of the kernel.
func Wait(fds []unix.PollFd, timeout time.Duration) (int, error) {
	if release, ok := TryThread(); ok {
		defer release()
		return poll(fds, milliseconds(timeout))
	}
	n, err := poll(fds, 0)
	if n != 0 || err != nil || timeout == 0 {
		return n, err
	}
	set, err := newSet(fds)
	if err != nil {
		// No descriptors are left.
		if timeout < 0 || timeout > pause {
			timeout = pause
		}
		time.Sleep(timeout)
	} else {
		err = set.await(timeout)
		set.file.Close()
		if err != nil {
			return 0, err
		}
	}
	return poll(fds, 0)
}

// pause is the time between two checks if waiting is not possible.
const pause = 5 * time.Millisecond

// set is an epoll instance, which is itself a file that the runtime can poll.
type set struct{ file *os.File }

func newSet(fds []unix.PollFd) (set, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return set{}, os.NewSyscallError("epoll_create1", err)
	}
	err = unix.SetNonblock(fd, true) // otherwise the poller does not accept it
	for _, f := range fds {
		event := unix.EpollEvent{Events: uint32(f.Events)} // the values of POLLIN and EPOLLIN are the same, and so on
		if err == nil {
			err = unix.EpollCtl(fd, unix.EPOLL_CTL_ADD, int(f.Fd), &event)
		}
	}
	if err != nil {
		unix.Close(fd)
		return set{}, os.NewSyscallError("epoll_ctl", err)
	}
	return set{os.NewFile(uintptr(fd), "epoll")}, nil
}

// await returns when a descriptor in the set is ready, or after the timeout.
func (s set) await(timeout time.Duration) error {
	if timeout >= 0 {
		if err := s.file.SetReadDeadline(time.Now().Add(timeout)); err != nil {
			return err
		}
	}
	conn, err := s.file.SyscallConn()
	if err != nil {
		return err
	}
	err = conn.Read(func(fd uintptr) bool {
		var events [1]unix.EpollEvent
		n, err := unix.EpollWait(int(fd), events[:], 0)
		return n > 0 || err != nil && !errors.Is(err, unix.EINTR)
	})
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return err
}

// milliseconds rounds up: otherwise the last millisecond would be spent polling.
func milliseconds(d time.Duration) int {
	if d < 0 {
		return -1
	}
	ms := (d + time.Millisecond - 1) / time.Millisecond
	return int(min(ms, math.MaxInt32))
}

// poll is poll(2) that continues after a signal.
func poll(fds []unix.PollFd, milliseconds int) (int, error) {
	n, err := unix.Poll(fds, milliseconds)
	if errors.Is(err, unix.EINTR) {
		return 0, nil
	}
	if err != nil {
		return 0, os.NewSyscallError("poll", err)
	}
	return n, nil
}
