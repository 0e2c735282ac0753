package pty

import (
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/posix"
)

// maxPending is more than a pseudoterminal can hold: 64 KiB in the buffers of the
// kernel and 4 KiB in the line discipline. It limits reading if a daemon has kept the
// terminal and continues to write.
const maxPending = 256 << 10

// Read waits for output. It returns io.EOF when the program has ended, and
// os.ErrDeadlineExceeded when it was interrupted. The last output may still be in the
// terminal then: see [Program.Drain]. If the terminal is hung up, it returns io.EOF
// while the program is running: see [Program.AwaitEnd].
func (p *Program) Read(buf []byte) (int, error) {
	for {
		if err := p.await(unix.POLLIN, p.wait); err != nil {
			return 0, err
		}
		n, err := unix.Read(p.master, buf)
		switch {
		case n > 0:
			return n, nil
		case err == nil, errors.Is(err, unix.EIO):
			return 0, io.EOF
		case !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR):
			return 0, os.NewSyscallError("read", err)
		}
	}
}

// Write types data. If the terminal is full, it waits until the program reads. It
// returns io.ErrClosedPipe when the program has ended, and os.ErrDeadlineExceeded when
// it was interrupted.
func (p *Program) Write(data []byte) (written int, err error) {
	for written < len(data) {
		err := p.await(unix.POLLOUT, posix.Wait)
		if errors.Is(err, io.EOF) {
			err = io.ErrClosedPipe
		}
		if err != nil {
			return written, err
		}
		n, err := unix.Write(p.master, data[written:])
		written += max(n, 0)
		if err != nil && !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR) {
			return written, os.NewSyscallError("write", err)
		}
	}
	return written, nil
}

// AwaitEnd waits until the program has ended and returns nil, or os.ErrDeadlineExceeded
// when it was interrupted.
func (p *Program) AwaitEnd() error {
	if err := p.await(0, p.wait); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// waiter is [posix.Wait] or a function like it.
type waiter func(fds []unix.PollFd, timeout time.Duration) (int, error)

// pollHere is for a goroutine that has its own thread.
func pollHere(fds []unix.PollFd, _ time.Duration) (int, error) {
	n, err := unix.Poll(fds, -1)
	if errors.Is(err, unix.EINTR) {
		return 0, nil
	}
	return n, os.NewSyscallError("poll", err)
}

// await waits for the terminal to be ready. The end of the program is checked first:
// other processes may write without end.
func (p *Program) await(events int16, wait waiter) error {
	fds := []unix.PollFd{
		{Fd: int32(p.pidfd), Events: unix.POLLIN},
		{Fd: int32(p.interruption), Events: unix.POLLIN},
		{Fd: int32(p.master), Events: events},
	}
	if events == 0 {
		fds = fds[:2] // a hung-up terminal is always ready
	}
	for {
		n, err := wait(fds, -1)
		switch {
		case err != nil:
			return err
		case n == 0:
		case fds[0].Revents != 0:
			return io.EOF
		case fds[1].Revents != 0:
			return os.ErrDeadlineExceeded
		default:
			return nil
		}
	}
}

// HasEnded reports whether the program itself has ended. Other processes of its session
// may be running, and it is not reaped until [Program.Kill].
func (p *Program) HasEnded() bool {
	fds := []unix.PollFd{{Fd: int32(p.pidfd), Events: unix.POLLIN}}
	n, _ := unix.Poll(fds, 0)
	return n == 1
}

// Interrupt wakes everybody who waits in Read, Write or AwaitEnd, and makes all further
// waits fail with os.ErrDeadlineExceeded.
func (p *Program) Interrupt() {
	one := [8]byte{1} // or a larger number, depending on the byte order
	_, _ = unix.Write(p.interruption, one[:])
}

// Resume undoes Interrupt.
func (p *Program) Resume() {
	var count [8]byte
	_, _ = unix.Read(p.interruption, count[:])
}

// Drain calls use with what the terminal holds now, and does not wait for more. It
// ignores interruptions.
func (p *Program) Drain(use func(data []byte) error) error {
	var buf [4096]byte
	for total := 0; total < maxPending; {
		n, err := unix.Read(p.master, buf[:])
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EIO), err == nil && n == 0:
			return nil
		case err != nil:
			return os.NewSyscallError("read", err)
		}
		if err := use(buf[:n]); err != nil {
			return err
		}
		total += n
	}
	return nil
}

// watch is created for callers that need a channel.
type watch struct {
	once  sync.Once
	ended chan struct{}
	pidfd *os.File
	done  sync.WaitGroup
}

// Ended is closed when the program itself has ended: see [Program.HasEnded]. Waiting
// for it needs no thread.
func (p *Program) Ended() <-chan struct{} {
	p.watch.once.Do(func() { p.watch.start(p.pidfd) })
	return p.watch.ended
}

func (w *watch) start(pidfd int) {
	w.ended = make(chan struct{})
	fd, err := unix.FcntlInt(uintptr(pidfd), unix.F_DUPFD_CLOEXEC, 3)
	if err == nil {
		err = unix.SetNonblock(fd, true) // so that the network poller accepts it
	}
	if err != nil {
		// No descriptors are left.
		w.done.Go(func() {
			fds := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}
			for n := 0; n == 0; {
				n, _ = posix.Wait(fds, -1)
			}
			close(w.ended)
		})
		return
	}
	w.pidfd = os.NewFile(uintptr(fd), "pidfd")
	w.done.Go(w.await)
}

func (w *watch) await() {
	conn, err := w.pidfd.SyscallConn()
	if err != nil {
		return
	}
	err = conn.Read(func(fd uintptr) bool {
		n, _ := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		return n == 1
	})
	if err == nil {
		close(w.ended)
	}
}

func (w *watch) stop() {
	w.once.Do(func() {}) // or wait until it is created
	if w.pidfd != nil {
		w.pidfd.Close()
	}
	w.done.Wait()
}
