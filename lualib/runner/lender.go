package runner

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"avescript/core/harness"
	"avescript/core/process"
	"avescript/lualib/script"
)

// pausing is a report that leaves the terminal to somebody else for a while.
type pausing interface {
	Pause()
	Resume()
}

// lender lends the terminal to tests that are held, one at a time. The terminal belongs to
// this process, whose group gets its signals: it passes them on to the worker, which reads
// and writes the terminal by a descriptor. It implements [workers.Terminal].
type lender struct {
	ctx     context.Context // of the signals
	reports pausing
	clock   *harness.Clock
	file    *os.File

	returns []func()
	came    chan os.Signal // those of the terminal, since it was lent to a process

	mu    sync.Mutex
	pid   int           // of the process that has the terminal, 0 for none
	modes *unix.Termios // before it was lent
}

func (l *lender) open() (err error) {
	l.file, err = os.OpenFile("/proc/self/fd/0", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		err = fmt.Errorf("open the terminal: %w", err)
	}
	return err
}

func (l *lender) close() {
	if l.came != nil {
		signal.Stop(l.came)
		close(l.came)
	}
	_ = l.file.Close()
}

// File is the terminal.
func (l *lender) File() *os.File { return l.file }

// Lend lends the terminal to a process, 0 for this one.
func (l *lender) Lend(pid int) {
	l.reports.Pause()
	l.returns = []func(){l.reports.Resume, l.clock.Stop(), script.Prompting(l.ctx)}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.modes, _ = unix.IoctlGetTermios(int(l.file.Fd()), unix.TCGETS)
	l.pid = pid
	if pid > 0 && l.came == nil {
		l.came = make(chan os.Signal, 4)
		signal.Notify(l.came, syscall.SIGINT, syscall.SIGWINCH, syscall.SIGTSTP)
		go l.passSignals(l.came)
	}
}

// Return takes the terminal back. What a process that was killed has left of its modes is
// undone.
func (l *lender) Return() {
	l.takeBack()
	for i := len(l.returns) - 1; i >= 0; i-- {
		l.returns[i]()
	}
}

func (l *lender) takeBack() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pid = 0
	now, err := unix.IoctlGetTermios(int(l.file.Fd()), unix.TCGETS)
	if err == nil && l.modes != nil && *now != *l.modes {
		const endPastes = "\x1b[?2004l" // see core/editor
		_, _ = io.WriteString(l.file, endPastes+"\r\n")
		l.restore(l.modes)
	}
}

// restore sets the modes. This process may be in the background.
func (l *lender) restore(modes *unix.Termios) {
	signal.Ignore(syscall.SIGTTOU)
	defer signal.Reset(syscall.SIGTTOU)
	_ = unix.IoctlSetTermios(int(l.file.Fd()), unix.TCSETSW, modes)
}

// passSignals passes on the signals of the terminal. It goes on when the terminal is not
// lent: the runtime does not give SIGTSTP its default action back.
func (l *lender) passSignals(came <-chan os.Signal) {
	for s := range came {
		l.mu.Lock()
		switch {
		case s == syscall.SIGTSTP:
			l.suspend()
		case l.pid > 0:
			_ = syscall.Kill(l.pid, s.(syscall.Signal))
		}
		l.mu.Unlock()
	}
}

// suspend stops the process group, and the process that has the terminal, until the shell
// has them go on. It is called with the mutex.
func (l *lender) suspend() {
	if !hasShell() {
		l.goOn()
		return
	}
	if l.pid == 0 {
		_ = syscall.Kill(0, syscall.SIGSTOP)
		return
	}
	_ = syscall.Kill(l.pid, syscall.SIGSTOP)
	modes, err := unix.IoctlGetTermios(int(l.file.Fd()), unix.TCGETS)
	if l.modes != nil {
		l.restore(l.modes)
	}
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, syscall.SIGCONT)
	defer signal.Stop(continued)
	_ = syscall.Kill(0, syscall.SIGSTOP)
	<-continued // on a busy machine, this process goes on for a moment before it is stopped
	if err == nil {
		l.restore(modes)
	}
	l.goOn()
}

// goOn continues the process that has the terminal.
func (l *lender) goOn() {
	if l.pid > 0 {
		_ = syscall.Kill(l.pid, syscall.SIGCONT)
		_ = syscall.Kill(l.pid, syscall.SIGWINCH) // the size may be another one
	}
}

// hasShell tells whether there is a shell that can continue this process group: a parent in
// the same session which is not in the group.
func hasShell() bool {
	group := unix.Getpgrp()
	session, _ := unix.Getsid(0)
	for pid := os.Getppid(); pid > 0; {
		stat, err := process.ReadStat(pid)
		if err != nil || stat.Group != group {
			return err == nil && stat.Session == session
		}
		pid = stat.Parent
	}
	return false
}
