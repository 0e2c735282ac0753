package editor

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// keyboard is the terminal from which keys are read. It is never read beyond the key
// that finishes a text: what was typed ahead stays in the terminal, for the next text
// or for another program.
type keyboard struct {
	in       *os.File
	wake     [2]int     // a pipe that interrupts waiting
	mu       sync.Mutex // guards the other end of it
	closed   bool
	restores func() error // nil unless the terminal is in raw mode
}

var errWoken = errors.New("woken")

func openKeyboard(in *os.File) (*keyboard, error) {
	k := &keyboard{in: in}
	if err := unix.Pipe2(k.wake[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return nil, fmt.Errorf("edit a text: %w", err)
	}
	return k, nil
}

func (k *keyboard) close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return nil
	}
	k.closed = true
	return errors.Join(k.restore(), unix.Close(k.wake[0]), unix.Close(k.wake[1]))
}

// raw turns off the processing of keys, except that Enter sends "\n", so that lines
// that are typed ahead are also lines for other programs. Output is processed as
// before, because others write to the terminal, too.
func (k *keyboard) raw() error {
	fd := int(k.in.Fd())
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return fmt.Errorf("edit a text on a terminal: %w", err)
	}
	modes := *before
	modes.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.IXON
	modes.Iflag |= unix.ICRNL
	modes.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	modes.Cc[unix.VMIN], modes.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(fd, unix.TCSETSW, &modes); err != nil {
		return fmt.Errorf("edit a text on a terminal: %w", err)
	}
	k.restores = func() error { return unix.IoctlSetTermios(fd, unix.TCSETSW, before) }
	return nil
}

func (k *keyboard) restore() error {
	if k.restores == nil {
		return nil
	}
	err := k.restores()
	k.restores = nil
	return err
}

// read reads what is available, at most len(buf) bytes. After the timeout it returns
// nothing; a negative timeout means no limit. After interrupt it returns errWoken.
func (k *keyboard) read(buf []byte, timeout time.Duration) (int, error) {
	fds := []unix.PollFd{{Fd: int32(k.in.Fd()), Events: unix.POLLIN}, {Fd: int32(k.wake[0]), Events: unix.POLLIN}}
	ms := -1
	if timeout >= 0 {
		ms = int(timeout.Milliseconds())
	}
	for {
		ready, err := unix.Poll(fds, ms)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return 0, fmt.Errorf("wait for a key: %w", err)
		case ready == 0:
			return 0, nil
		case fds[1].Revents != 0:
			var bytes [64]byte
			_, _ = unix.Read(k.wake[0], bytes[:])
			return 0, errWoken
		}
		n, err := unix.Read(int(k.in.Fd()), buf)
		switch {
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EIO), n == 0 && err == nil:
			return 0, io.EOF // the terminal has gone
		case err != nil:
			return 0, fmt.Errorf("read a key: %w", err)
		default:
			return n, nil
		}
	}
}

// isPending reports whether there is something to read.
func (k *keyboard) isPending() bool {
	fds := []unix.PollFd{{Fd: int32(k.in.Fd()), Events: unix.POLLIN}}
	n, _ := unix.Poll(fds, 0)
	return n > 0
}

// interrupt interrupts a read, or the next one.
func (k *keyboard) interrupt() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.closed {
		_, _ = unix.Write(k.wake[1], []byte{0}) // a full pipe interrupts, too
	}
}

// size is never zero, unlike the size of a pseudoterminal that was not set.
func size(out *os.File) (cols, rows int) {
	size, err := unix.IoctlGetWinsize(int(out.Fd()), unix.TIOCGWINSZ)
	if err != nil || size.Col == 0 || size.Row == 0 {
		return 80, 24
	}
	return int(size.Col), int(size.Row)
}
