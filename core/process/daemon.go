package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Daemon is a process that is not a child of this one, so its exit status is unknown.
// It is held by a pidfd, so its pid cannot come to mean another process.
type Daemon struct {
	Pid int

	pidfd *os.File        // readable once the process has ended, reaped or not
	conn  syscall.RawConn // of pidfd
	watch sync.Once
	ended chan struct{}
}

// FindDaemon finds a running process. The error wraps [unix.ESRCH] if there is none
// with this pid.
func FindDaemon(pid int) (*Daemon, error) {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("find process %d: %w", pid, err)
	}
	pidfd := os.NewFile(uintptr(fd), "pidfd")
	conn, err := pidfd.SyscallConn()
	if err != nil {
		pidfd.Close()
		return nil, fmt.Errorf("find process %d: %w", pid, err)
	}
	return &Daemon{Pid: pid, pidfd: pidfd, conn: conn, ended: make(chan struct{})}, nil
}

// Alive reports whether the process is running.
func (d *Daemon) Alive() bool {
	alive := false
	_ = d.conn.Control(func(fd uintptr) { alive = !isReadable(fd) })
	return alive
}

// Signal sends a signal. It is not an error if the process has already ended.
func (d *Daemon) Signal(signal syscall.Signal) error {
	var err error
	_ = d.conn.Control(func(fd uintptr) { err = unix.PidfdSendSignal(int(fd), signal, nil, 0) })
	if err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("send signal %d to process %d: %w", signal, d.Pid, err)
	}
	return nil
}

// Ended is closed when the process has ended. A goroutine waits for that after the
// first call.
func (d *Daemon) Ended() <-chan struct{} {
	d.watch.Do(func() {
		go func() {
			defer close(d.ended)
			_ = d.conn.Read(isReadable)
		}()
	})
	return d.ended
}

// Wait waits until the process has ended, like [Child.Join].
func (d *Daemon) Wait(ctx context.Context, timeout time.Duration) error {
	return await(ctx, d.Pid, d.Ended(), timeout)
}

func isReadable(fd uintptr) bool {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, _ := unix.Poll(fds, 0)
	return n > 0
}
