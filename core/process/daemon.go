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

// Daemon is a process that is nobody's child here, so that nothing is known of
// how it ends. It is known by a pidfd, so that its number cannot come to mean
// another process.
type Daemon struct {
	Pid int

	pidfd *os.File        // readable once the process has ended, reaped or not
	conn  syscall.RawConn // of pidfd
	watch sync.Once
	ended chan struct{}
}

// FindDaemon gets hold of a process that is known to be alive. The error wraps
// [unix.ESRCH] if it isn't.
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

// Signal sends a signal. A process that has ended already is no error.
func (d *Daemon) Signal(signal syscall.Signal) error {
	var err error
	_ = d.conn.Control(func(fd uintptr) { err = unix.PidfdSendSignal(int(fd), signal, nil, 0) })
	if err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("send signal %d to process %d: %w", signal, d.Pid, err)
	}
	return nil
}

// Ended is closed when the process has ended. Who asks for it leaves a
// goroutine behind until then.
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
