package process

import (
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// chosen is closed when this process has chosen its death signal itself, which
// is then all that it gets.
var (
	chosen = make(chan struct{})
	choose = sync.OnceFunc(func() { close(chosen) })
)

// LimitAfterlife is for a process that handles its death signal: it is killed
// when that much time has passed since its parent ended, unless it calls
// [SetDeathSignal]. It also sees to it that the signal arrives while the
// process is stopped. A daemon, which has no parent to follow, is left alone.
func LimitAfterlife(grace time.Duration) error {
	if session, err := unix.Getsid(0); err == nil && session == os.Getpid() {
		return nil
	}
	number := os.Getppid()
	parent, err := FindDaemon(number)
	if err != nil || os.Getppid() != number {
		return syscall.Kill(os.Getpid(), syscall.SIGKILL) // it has ended just now
	}
	ready := make(chan error)
	go followParent(parent, grace, ready)
	return <-ready
}

// followParent keeps a thread to itself, because a death signal is a thread's:
// this one's wakes up the process, which then finds the main thread's. Without
// an unlock the thread ends with the goroutine, and its signal with it.
func followParent(parent *Daemon, grace time.Duration, ready chan<- error) {
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
		return // it has a lifeline to another one
	}
	select {
	case <-time.After(grace):
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case <-chosen:
	}
}
