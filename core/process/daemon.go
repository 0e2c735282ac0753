package process

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Daemon is a process that was started here and is nobody's child. It is known
// by a pidfd, so that its number cannot come to mean another process.
type Daemon struct {
	Pid     int
	process *os.Process
}

// FindDaemon gets hold of a daemon that is known to be alive.
func FindDaemon(pid int) (*Daemon, error) {
	p, err := os.FindProcess(pid)
	if err != nil {
		return nil, fmt.Errorf("find the daemon %d: %w", pid, err)
	}
	return &Daemon{pid, p}, nil
}

// Alive reports whether the daemon is running.
func (d *Daemon) Alive() bool { return d.process.Signal(syscall.Signal(0)) == nil }

// Signal sends a signal. A daemon that has ended already is no error.
func (d *Daemon) Signal(signal syscall.Signal) error {
	if err := d.process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("send signal %d to the daemon %d: %w", signal, d.Pid, err)
	}
	return nil
}
