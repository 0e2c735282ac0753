package pty

import (
	"errors"
	"fmt"

	creack "github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// Size is how many characters a terminal shows.
type Size struct{ Cols, Rows int }

// DefaultSize is that of a terminal nobody has sized.
var DefaultSize = Size{Cols: 80, Rows: 24}

// maxSize is what the kernel's struct winsize can hold.
const maxSize = 1<<16 - 1

func (s Size) winsize() (*unix.Winsize, error) {
	if s.Cols == 0 {
		s.Cols = DefaultSize.Cols
	}
	if s.Rows == 0 {
		s.Rows = DefaultSize.Rows
	}
	if min(s.Cols, s.Rows) < 1 || max(s.Cols, s.Rows) > maxSize {
		return nil, fmt.Errorf("wanted a terminal of 1 to %d columns and rows, got %d and %d", maxSize, s.Cols, s.Rows)
	}
	return &unix.Winsize{Col: uint16(s.Cols), Row: uint16(s.Rows)}, nil
}

// openTerminal makes a pseudoterminal with the kernel's default modes, so that
// a line ends in "\r\n" as on a real one. It belongs to who, if that is set. The
// caller closes both ends.
func openTerminal(size Size, who *account) (master, replica int, err error) {
	window, err := size.winsize()
	if err != nil {
		return -1, -1, err
	}
	masterFile, replicaFile, err := creack.Open()
	if err != nil {
		return -1, -1, fmt.Errorf("open a pseudoterminal: %w", scarcity(err))
	}
	// The library's files are known to the network poller, which would wake up
	// for all that happens to them. Their duplicates are not.
	defer masterFile.Close()
	defer replicaFile.Close()
	if who != nil {
		if err := replicaFile.Chown(who.uid, -1); err != nil {
			return -1, -1, fmt.Errorf("give the pseudoterminal to user %d: %w", who.uid, err)
		}
	}
	master, err = unix.FcntlInt(masterFile.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return -1, -1, fmt.Errorf("open a pseudoterminal: %w", scarcity(err))
	}
	replica, err = unix.FcntlInt(replicaFile.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		unix.Close(master)
		return -1, -1, fmt.Errorf("open a pseudoterminal: %w", scarcity(err))
	}
	if err := errors.Join(unix.IoctlSetWinsize(master, unix.TIOCSWINSZ, window), unix.SetNonblock(master, true)); err != nil {
		_ = closeAll(master, replica)
		return -1, -1, fmt.Errorf("set up the pseudoterminal: %w", err)
	}
	return master, replica, nil
}

// Resize changes the terminal's size; the foreground job gets a SIGWINCH.
func (p *Program) Resize(size Size) error {
	window, err := size.winsize()
	if err != nil {
		return err
	}
	return unix.IoctlSetWinsize(p.master, unix.TIOCSWINSZ, window)
}

// Size asks for the terminal's size.
func (p *Program) Size() (Size, error) {
	window, err := unix.IoctlGetWinsize(p.master, unix.TIOCGWINSZ)
	if err != nil {
		return Size{}, err
	}
	return Size{Cols: int(window.Col), Rows: int(window.Row)}, nil
}

// Modes asks for the terminal's modes, which the program may have changed:
// whether it echoes, which character is the end of input.
func (p *Program) Modes() (*unix.Termios, error) {
	return unix.IoctlGetTermios(p.master, unix.TCGETS)
}

// Foreground asks for the process group that the keys for signals go to.
func (p *Program) Foreground() (group int, err error) {
	return unix.IoctlGetInt(p.master, unix.TIOCGPGRP)
}

// EndInput types what ends the input at the beginning of a line, and sends the
// program an unfinished line otherwise.
func (p *Program) EndInput() error {
	modes, err := p.Modes()
	if err != nil {
		return err
	}
	_, err = p.Write([]byte{modes.Cc[unix.VEOF]})
	return err
}
