package process

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// hasEnded reports whether a child has ended and waits to be reaped. The error is that
// it is not a child or was reaped.
func hasEnded(child int) (bool, error) {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_PID, child, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	if err != nil {
		return false, fmt.Errorf("wanted a child that has not been waited for, got process %d: %w", child, err)
	}
	return info.Signo != 0, nil
}

// sessionIsEmpty reports whether it is certain that a session contains only its leader,
// which has ended. The leader's children then have no parent any more, so nothing of
// its tree is left.
func sessionIsEmpty(leader int) bool {
	if empty, known := sinceIsEmpty(leader); known {
		return empty
	}
	names, err := pids()
	if err != nil {
		return false
	}
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil || pid == leader {
			continue
		}
		if session, err := unix.Getsid(pid); err != nil || session == leader {
			return false // a process that has ended since may have forked before
		}
	}
	return true
}

const (
	// fewPids can be checked in less time than it takes to list /proc.
	fewPids = 300

	// pidTime is less than any kernel needs to create a process or a thread.
	pidTime = time.Microsecond
)

// sinceIsEmpty avoids listing /proc for a short command on a machine where others start
// processes, too: it checks only pids that were assigned after the leader's.
//
// Pids are assigned in ascending order, and checked in this order. If a process has
// ended when its pid is checked, any process that it forked has a higher pid and is
// still to be checked. If a process has a pid but is not visible yet, its parent is
// alive and was found before. The order is broken when pids wrap around; the leader
// must be too young for pids to have wrapped around past its own.
func sinceIsEmpty(leader int) (empty, known bool) {
	last, ok := lastPID()
	if !ok {
		return false, false
	}
	if last == leader {
		return true, true // pids cannot stop here twice before the leader is reaped
	}
	for pid := leader; ; {
		if last < pid || last-leader > fewPids {
			return false, false
		}
		for pid < last {
			pid++
			session, err := unix.Getsid(pid)
			if err == nil && session == leader {
				return false, true
			}
			if err != nil && !errors.Is(err, unix.ESRCH) {
				return false, false // a security module hides it
			}
		}
		next, ok := lastPID()
		if !ok {
			return false, false
		}
		if next == last {
			return true, isYoung(leader)
		}
		last = next
	}
}

// lastPID is the last pid that was assigned.
func lastPID() (pid int, ok bool) { return readNumber("/proc/sys/kernel/ns_last_pid") }

var maxPID = sync.OnceValue(func() int {
	pid, _ := readNumber("/proc/sys/kernel/pid_max")
	return pid
})

// isYoung reports whether a process is so young that pids cannot have wrapped around
// since it was created.
func isYoung(pid int) bool {
	s, err := ReadStat(pid)
	if err != nil {
		return false
	}
	age, err := s.Uptime()
	return err == nil && age < time.Duration(maxPID())*pidTime
}

// readNumber reads a number from a file of /proc.
func readNumber(path string) (number int, ok bool) {
	var buf [24]byte
	n, err := readFile(path, buf[:])
	if err != nil {
		return 0, false
	}
	number, err = strconv.Atoi(strings.TrimSpace(string(buf[:n])))
	return number, err == nil
}
