package cmd

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// exitWatch tells when a child has ended, without reaping it: until it is
// reaped, its pid and its session are its own. It must be closed.
type exitWatch struct {
	ended <-chan struct{}
	pidfd *os.File
}

// watchExit calls then, on a goroutine of its own, when the child has ended or
// the watch is closed.
func (c *child) watchExit(then func()) (*exitWatch, error) {
	fd, err := unix.PidfdOpen(c.pid, unix.PIDFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("pidfd of process %d: %w", c.pid, err)
	}
	ended := make(chan struct{})
	w := &exitWatch{ended, os.NewFile(uintptr(fd), "pidfd")}
	go func() {
		w.wait()
		close(ended)
		then()
	}()
	return w, nil
}

// wait lets the network poller wait for the pidfd, so that a command costs no
// thread while it runs.
func (w *exitWatch) wait() {
	conn, err := w.pidfd.SyscallConn()
	if err != nil {
		return
	}
	_ = conn.Read(func(fd uintptr) bool {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, _ := unix.Poll(fds, 0)
		return n == 1
	})
}

// hasEnded asks without waiting.
func (w *exitWatch) hasEnded() bool {
	select {
	case <-w.ended:
		return true
	default:
		return false
	}
}

// close ends the watch and its goroutine, if the child has not.
func (w *exitWatch) close() {
	w.pidfd.Close()
	<-w.ended
}
