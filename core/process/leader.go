package process

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// hasEnded reports whether a child waits to be reaped, and fails if it is no
// child or was reaped.
func hasEnded(child int) (bool, error) {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_PID, child, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	if err != nil {
		return false, fmt.Errorf("wanted a child that has not been waited for, got process %d: %w", child, err)
	}
	return info.Signo != 0, nil
}

// isNewest reports that the kernel has made no process or thread since pid, so
// that pid cannot have any descendants. It spares the common short command the
// walk through /proc. Pids are given out in a circle, but pid itself is taken
// until it is reaped: the circle cannot stop there a second time. False says
// nothing, nor does a kernel that lacks the file.
func isNewest(pid int) bool {
	fd, err := unix.Open("/proc/sys/kernel/ns_last_pid", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	var buf [16]byte
	n, err := unix.Read(fd, buf[:])
	return err == nil && strings.TrimSpace(string(buf[:n])) == strconv.Itoa(pid)
}

// sessionIsEmpty reports that for sure nobody but its leader is in a session. If
// the leader has ended then its children have no parent any more, and so nothing
// of its tree is left.
func sessionIsEmpty(leader int) (bool, error) {
	names, err := pids()
	if err != nil {
		return false, err
	}
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil || pid == leader {
			continue
		}
		session, err := unix.Getsid(pid)
		if session == leader || errors.Is(err, unix.ESRCH) {
			return false, nil // who has ended since may have forked before
		}
	}
	return true, nil
}
