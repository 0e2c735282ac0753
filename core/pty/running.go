package pty

import (
	"sync"

	"avescript/core/process"
)

// running are the programs of [Start], by pid. A pid is removed before it is reaped, so
// it cannot belong to another process while the lock is held.
var running = leaders{pids: map[int]bool{}}

type leaders struct {
	mu   sync.Mutex
	pids map[int]bool
}

// add starts a program and adds it, unless KillAll was called.
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

// Owns reports whether a process is a program of [Start] that was not reaped yet.
func Owns(pid int) bool {
	running.mu.Lock()
	defer running.mu.Unlock()
	return running.pids[pid]
}

// KillAll kills every program of [Start], with its tree and without a hangup first. It
// is for a program that exits without waiting for its commands: no other program can be
// started afterwards.
func KillAll() {
	running.mu.Lock() // it is never unlocked
	var kills sync.WaitGroup
	for pid := range running.pids {
		kills.Go(func() { _ = process.KillTree(pid, nil) })
	}
	kills.Wait()
}
