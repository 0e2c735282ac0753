package pty

import (
	"errors"
	"fmt"

	creack "github.com/creack/pty"
	"golang.org/x/sys/unix"

	"avescript/core/persona"
)

// Size is the size of a terminal in characters.
type Size struct{ Cols, Rows int }

// DefaultSize is the default size of a terminal.
var DefaultSize = Size{Cols: 80, Rows: 24}

// maxSize is the limit of the kernel's struct winsize.
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

// openTerminal creates a pseudoterminal with the kernel's default modes, so that a line
// ends in "\r\n" as on a real one. It belongs to who, if that is set. The caller closes
// both ends.
func openTerminal(size Size, who *persona.Account) (master, replica int, err error) {
	window, err := size.winsize()
	if err != nil {
		return -1, -1, err
	}
	masterFile, replicaFile, err := creack.Open()
	if err != nil {
		return -1, -1, fmt.Errorf("open a pseudoterminal: %w", scarcity(err))
	}
	// The library's files are registered with the network poller, which would wake up
	// for everything that happens to them. Their duplicates are not.
	defer masterFile.Close()
	defer replicaFile.Close()
	if who != nil {
		if err := replicaFile.Chown(who.UID, -1); err != nil {
			return -1, -1, fmt.Errorf("give the pseudoterminal to user %d: %w", who.UID, err)
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

// Resize changes the size of the terminal; the foreground job gets a SIGWINCH.
func (p *Program) Resize(size Size) error {
	window, err := size.winsize()
	if err != nil {
		return err
	}
	return unix.IoctlSetWinsize(p.master, unix.TIOCSWINSZ, window)
}

// Size returns the size of the terminal.
func (p *Program) Size() (Size, error) {
	window, err := unix.IoctlGetWinsize(p.master, unix.TIOCGWINSZ)
	if err != nil {
		return Size{}, err
	}
	return Size{Cols: int(window.Col), Rows: int(window.Row)}, nil
}

// Modes returns the modes of the terminal, which the program may have changed: whether
// it echoes, which character is the end of input.
func (p *Program) Modes() (*unix.Termios, error) {
	return unix.IoctlGetTermios(p.master, unix.TCGETS)
}

// Foreground returns the process group that gets the signals of keys.
func (p *Program) Foreground() (group int, err error) {
	return unix.IoctlGetInt(p.master, unix.TIOCGPGRP)
}

// EndInput types the end-of-input key. At the beginning of a line it ends the input;
// otherwise it sends the unfinished line to the program.
func (p *Program) EndInput() error {
	modes, err := p.Modes()
	if err != nil {
		return err
	}
	_, err = p.Write([]byte{modes.Cc[unix.VEOF]})
	return err
}
