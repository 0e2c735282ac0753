package pty

import (
	"errors"
	"fmt"
	"sync"
	"syscall"

	"avescript/core/posix"
	"avescript/core/process"
)

// Kill ends the program, if it is running, and its tree, and reaps the program; see
// [process.KillTree] for the ladder and the tree. The status is 0 to 255 as the program
// chose, or the negative number of the signal that ended it. Only the first call does
// this; other calls wait for it and return the same.
//
// If a part of the tree cannot be killed, the program must be closed, which hangs it
// up; it is reaped when it ends.
func (p *Program) Kill(ladder []process.Step) (status int, err error) {
	p.end.once.Do(func() { p.end.status, p.end.err = p.kill(ladder) })
	return p.end.status, p.end.err
}

// end is what Kill returns.
type end struct {
	once   sync.Once
	status int
	err    error
}

func (p *Program) kill(ladder []process.Step) (status int, err error) {
	err = process.KillTree(p.PID, ladder)
	running.remove(p.PID)
	if err != nil {
		go func() { _, _ = reap(p.PID) }()
		return 0, err
	}
	defer posix.Busy()()
	return reap(p.PID)
}

// reap waits for one child only: other children have their own waiters.
func reap(pid int) (status int, err error) {
	var wait syscall.WaitStatus
	for {
		_, err = syscall.Wait4(pid, &wait, 0, nil)
		if err == nil {
			return ExitStatus(wait), nil
		}
		if !errors.Is(err, syscall.EINTR) {
			return 0, fmt.Errorf("wait for process %d: %w", pid, err)
		}
	}
}

// ExitStatus is 0 to 255 as a process chose, or the negative number of the signal that
// ended it.
func ExitStatus(wait syscall.WaitStatus) int {
	if wait.Signaled() {
		return -int(wait.Signal())
	}
	return wait.ExitStatus()
}
