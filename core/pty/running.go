package pty

import (
	"errors"
	"fmt"
	"sync"
	"syscall"

	"avescript/core/process"
)

// running are the programs of [Start], by pid. A pid is taken out before it is
// reaped, so that it is nobody else's as long as the lock is held.
var running = leaders{pids: map[int]bool{}}

type leaders struct {
	mu   sync.Mutex
	pids map[int]bool
}

// add starts a program and takes it in, unless KillAll was called.
func (l *leaders) add(p *Program, spawn func() error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := spawn()
	if err == nil {
		l.pids[p.PID] = true
	}
	return err
}

func (l *leaders) remove(pid int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.pids, pid)
}

// Owns tells whether a process is a program of [Start] that has not been reaped.
func Owns(pid int) bool {
	running.mu.Lock()
	defer running.mu.Unlock()
	return running.pids[pid]
}

// KillAll kills every program of [Start], with its tree and without a hangup
// first. It is for a program that exits at once and doesn't wait for its
// commands: from then on no other can be started.
func KillAll() {
	running.mu.Lock() // and never unlocked
	var kills sync.WaitGroup
	for pid := range running.pids {
		kills.Go(func() { _ = process.KillTree(pid, nil) })
	}
	kills.Wait()
}

// Kill ends the program, if it has not ended, and all of its tree, and reaps the
// program: see [process.KillTree] for the ladder and for who belongs to the
// tree. The status is 0 to 255 as the program chose, or the negative number of
// the signal that ended it. Only the first call does all that; others wait for
// it and return the same.
//
// If some of the tree cannot be killed then the program must be closed, which
// hangs them up; it is reaped whenever it ends.
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
	return reap(p.PID)
}

// reap waits for a child. Only that child: others have their own waiters.
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

// ExitStatus is 0 to 255 as a process chose, or the negative number of the
// signal that ended it.
func ExitStatus(wait syscall.WaitStatus) int {
	if wait.Signaled() {
		return -int(wait.Signal())
	}
	return wait.ExitStatus()
}
