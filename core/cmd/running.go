package cmd

import (
	"sync"
	"syscall"

	"avescript/core/process"
)

// running are the commands of [Run], by the pids of their leaders. A pid is
// taken out before it is reaped, so that it is nobody else's as long as the
// lock is held.
var running = leaders{pids: map[int]bool{}}

type leaders struct {
	mu   sync.Mutex
	pids map[int]bool
}

func (l *leaders) start(argv []string, opts Options) (*child, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, err := start(argv, opts)
	if err == nil {
		l.pids[c.pid] = true
	}
	return c, err
}

func (l *leaders) remove(pid int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.pids, pid)
}

// KillAll kills every command that [Run] is running, with its tree and without
// a hangup first. It is for a program that exits at once and doesn't wait for
// Run to return: from then on none does, and no command can be started.
func KillAll() {
	running.mu.Lock() // and never unlocked
	var kills sync.WaitGroup
	for pid := range running.pids {
		kills.Go(func() { _ = killTree(pid, nil) })
	}
	kills.Wait()
}

// killTree kills at least the leader's process group, for which nothing is
// needed that this program may have run out of.
func killTree(leader int, ladder []process.Step) error {
	err := process.KillTree(leader, ladder)
	if err != nil {
		_ = syscall.Kill(-leader, syscall.SIGKILL)
	}
	return err
}
