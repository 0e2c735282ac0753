package pty

import (
	"errors"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// maxPending is more than a pseudoterminal can hold, the kernel's buffers being
// 64 KiB and a line discipline's 4 KiB. It ends the reading of what a daemon
// writes that has kept the terminal.
const maxPending = 256 << 10

// Read waits for output. It returns io.EOF when the program has ended, and
// os.ErrDeadlineExceeded when it was interrupted. What was written last may
// still be in the terminal then: see [Program.Drain]. If somebody hangs up the
// terminal, it returns io.EOF while the program lives: see [Program.AwaitEnd].
func (p *Program) Read(buf []byte) (int, error) {
	for {
		if err := p.await(unix.POLLIN); err != nil {
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

// Write types data. It waits while the terminal holds as much as it can, until
// the program reads. When the program has ended it returns io.ErrClosedPipe, and
// os.ErrDeadlineExceeded when it was interrupted.
func (p *Program) Write(data []byte) (written int, err error) {
	for written < len(data) {
		err := p.await(unix.POLLOUT)
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

// AwaitEnd waits until the program has ended and returns nil, or
// os.ErrDeadlineExceeded when it was interrupted.
func (p *Program) AwaitEnd() error {
	if err := p.await(0); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// await waits for the terminal to be ready. The end of the program comes first:
// others may go on writing for ever.
func (p *Program) await(events int16) error {
	fds := []unix.PollFd{
		{Fd: int32(p.pidfd), Events: unix.POLLIN},
		{Fd: int32(p.interruption), Events: unix.POLLIN},
		{Fd: int32(p.master), Events: events},
	}
	if events == 0 {
		fds = fds[:2] // a terminal that is hung up is ready at all times
	}
	for {
		_, err := unix.Poll(fds, -1)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return os.NewSyscallError("poll", err)
		case fds[0].Revents != 0:
			return io.EOF
		case fds[1].Revents != 0:
			return os.ErrDeadlineExceeded
		default:
			return nil
		}
	}
}

// HasEnded reports whether the program itself has ended. Others of its session
// may live, and it waits to be reaped by [Program.Kill].
func (p *Program) HasEnded() bool {
	fds := []unix.PollFd{{Fd: int32(p.pidfd), Events: unix.POLLIN}}
	n, _ := unix.Poll(fds, 0)
	return n == 1
}

// Interrupt wakes everybody who waits in Read, Write or AwaitEnd and lets all
// further waits fail with os.ErrDeadlineExceeded.
func (p *Program) Interrupt() {
	one := [8]byte{1} // or a larger number, depending on the machine
	_, _ = unix.Write(p.interruption, one[:])
}

// Resume undoes Interrupt.
func (p *Program) Resume() {
	var count [8]byte
	_, _ = unix.Read(p.interruption, count[:])
}

// Drain calls use with what the terminal holds by now and does not wait for
// more. An interruption doesn't matter to it.
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

// watch is made for those who want a channel.
type watch struct {
	once  sync.Once
	ended chan struct{}
	pidfd *os.File
	done  sync.WaitGroup
}

// Ended is closed when the program itself has ended: see [Program.HasEnded].
// Waiting for it takes up no thread.
func (p *Program) Ended() <-chan struct{} {
	p.watch.once.Do(func() { p.watch.start(p.pidfd) })
	return p.watch.ended
}

func (w *watch) start(pidfd int) {
	w.ended = make(chan struct{})
	fd, err := unix.FcntlInt(uintptr(pidfd), unix.F_DUPFD_CLOEXEC, 3)
	if err == nil {
		err = unix.SetNonblock(fd, true) // for the network poller to take it
	}
	if err != nil {
		// Out of descriptors: a thread has to do.
		w.done.Go(func() {
			_, _ = unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, -1)
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
	w.once.Do(func() {}) // or wait until it is made
	if w.pidfd != nil {
		w.pidfd.Close()
	}
	w.done.Wait()
}
