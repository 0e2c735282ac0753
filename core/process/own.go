package process

import (
	"sync"

	"golang.org/x/sys/unix"

	"avescript/core/posix"
)

// own are the children for which the code that started them waits, by pid.
var own sync.Map

// Own reserves a child for its caller until release: code that reaps adopted orphans
// must not take its status.
func Own(pid int) (release func()) {
	claim := new(byte)
	own.Store(pid, claim)
	return func() { own.CompareAndDelete(pid, claim) }
}

// Owns reports whether a process is a child that was reserved with Own.
func Owns(pid int) bool {
	_, owned := own.Load(pid)
	return owned
}

// Await waits until a child has ended, which the caller must reap. Unlike reaping, that
// needs few threads even if many callers wait: see [posix.Wait].
func Await(pid int) {
	pidfd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return // for example, no descriptors are left: the caller waits by reaping
	}
	defer unix.Close(pidfd)
	fds := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}
	for n := 0; n == 0 && err == nil; {
		n, err = posix.Wait(fds, -1)
	}
}
