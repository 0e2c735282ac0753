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

// sessionIsEmpty reports that for sure nobody but its leader, which has ended, is
// in a session. The leader's children have no parent any more, and so nothing of
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
			return false // who has ended since may have forked before
		}
	}
	return true
}

const (
	// fewPids are asked for in less time than /proc is listed.
	fewPids = 300

	// pidTime is less than any kernel needs to make a process or a thread.
	pidTime = time.Microsecond
)

// sinceIsEmpty spares the common short command the walk through /proc, on a
// machine where others start processes too: it asks only for those that were
// made after the leader.
//
// Pids are given out in ascending order, and asked for in that order. So if
// somebody has ended when it is his turn, then whoever he has forked is still to
// come. If he has a pid and cannot be found yet, then who forks him is alive, and
// was found before. The order is broken when the pids have come to their end and begin
// again; the leader must be so young that this cannot have happened to end up
// behind its pid.
func sinceIsEmpty(leader int) (empty, known bool) {
	last, ok := lastPID()
	if !ok {
		return false, false
	}
	if last == leader {
		return true, true // the circle cannot stop here twice before the leader is reaped
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
				return false, false // a security module keeps it secret
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

// lastPID is the last pid that was given out.
func lastPID() (pid int, ok bool) { return readNumber("/proc/sys/kernel/ns_last_pid") }

var maxPID = sync.OnceValue(func() int {
	pid, _ := readNumber("/proc/sys/kernel/pid_max")
	return pid
})

// isYoung reports that not all pids can have been given out since a process was
// made.
func isYoung(pid int) bool {
	s, err := ReadStat(pid)
	var now unix.Timespec
	if err != nil || unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) != nil {
		return false
	}
	started := time.Duration(s.Start) * (time.Second / clockTicks)
	return time.Duration(now.Nano())-started < time.Duration(maxPID())*pidTime
}

// clockTicks are those of a second in /proc/PID/stat: USER_HZ.
const clockTicks = 100

// readNumber reads a file that the kernel makes up.
func readNumber(path string) (number int, ok bool) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, false
	}
	defer unix.Close(fd)
	var buf [24]byte
	n, err := unix.Read(fd, buf[:])
	if err != nil {
		return 0, false
	}
	number, err = strconv.Atoi(strings.TrimSpace(string(buf[:n])))
	return number, err == nil
}
