package process

import (
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// chosen is closed when this process has set its death signal itself, which is then the
// only one that it gets.
var (
	chosen = make(chan struct{})
	choose = sync.OnceFunc(func() { close(chosen) })
)

// KillAfterParent is for a process that handles its death signal: it is killed when the
// grace has passed after the end of its parent, unless it calls [SetDeathSignal]. It
// also makes sure that the signal arrives if the process is stopped. A daemon has no
// parent to follow; nothing happens to it.
func KillAfterParent(grace time.Duration) error {
	if session, err := unix.Getsid(0); err == nil && session == os.Getpid() {
		return nil
	}
	number := os.Getppid()
	parent, err := FindDaemon(number)
	if err != nil || os.Getppid() != number {
		return syscall.Kill(os.Getpid(), syscall.SIGKILL) // the parent has just ended
	}
	ready := make(chan error)
	go awaitParent(parent, grace, ready)
	return <-ready
}

// awaitParent keeps its thread locked, because a death signal belongs to a thread: the
// signal of this thread continues the process, which then handles that of the main
// thread. Without an unlock the thread ends with the goroutine, and so does its death
// signal.
func awaitParent(parent *Daemon, grace time.Duration, ready chan<- error) {
	runtime.LockOSThread()
	err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(syscall.SIGCONT), 0, 0, 0)
	ready <- err
	if err != nil {
		return
	}
	select {
	case <-parent.Ended():
	case <-chosen:
		return
	}
	if relied.Load() >= 0 {
		return // it has a lifeline to another parent
	}
	select {
	case <-time.After(grace):
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case <-chosen:
	}
}
