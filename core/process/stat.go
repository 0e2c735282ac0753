package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Stat is the part of /proc/PID/stat that identifies a process and its relations.
type Stat struct {
	PID     int
	Comm    string // the process name, at most 15 bytes
	State   byte   // R, S, D, T, t, Z, ... as in proc_pid_stat(5)
	Parent  int
	Group   int
	Session int
	Threads int
	Start   uint64 // clock ticks since boot: together with PID, this is unique
}

// Dead reports whether the process has ended and waits to be reaped. A process whose
// first thread has ended looks like a zombie, too, but is still running.
func (s *Stat) Dead() bool {
	return (s.State == 'Z' || s.State == 'X') && s.Threads < 2
}

// Stopped reports whether the process was stopped by a signal or a tracer.
func (s *Stat) Stopped() bool { return s.State == 'T' || s.State == 't' }

// clockTicks is USER_HZ, the clock ticks per second in /proc/PID/stat.
const clockTicks = 100

// Uptime is how long the process has been running.
func (s *Stat) Uptime() (time.Duration, error) {
	now, err := sinceBoot()
	return now - time.Duration(s.Start)*(time.Second/clockTicks), err
}

// SinceBoot is a clock that never jumps, is the same in all processes of this machine, and
// goes on while the machine sleeps, unlike that of [time.Since].
func SinceBoot() time.Duration {
	now, err := sinceBoot()
	if err != nil {
		panic(err) // no kernel of ours is without it
	}
	return now
}

func sinceBoot() (time.Duration, error) {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return 0, os.NewSyscallError("clock_gettime", err)
	}
	return time.Duration(now.Nano()), nil
}

// ReadStat reads the state of one process. The error wraps [os.ErrNotExist] if there is
// none with this pid.
func ReadStat(pid int) (Stat, error) {
	var buf [statSize]byte
	return readStat(strconv.Itoa(pid), buf[:])
}

// statSize is larger than any stat line.
const statSize = 1024

func readStat(pid string, buf []byte) (Stat, error) {
	n, err := readFile("/proc/"+pid+"/stat", buf)
	if err != nil {
		return Stat{}, err
	}
	return parseStat(buf[:n])
}

// readFile reads a file of /proc. It avoids os.File, which would register each of the
// hundreds of files of a snapshot with the network poller.
func readFile(path string, buf []byte) (n int, err error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	n, err = unix.Read(fd, buf)
	if errors.Is(err, unix.ESRCH) {
		err = unix.ENOENT // it ended between open and read
	}
	if err != nil {
		return 0, &os.PathError{Op: "read", Path: path, Err: err}
	}
	return n, nil
}

// parseStat reads "pid (comm) state ppid ...". The name may contain blanks, parentheses
// and line ends; it ends at the last parenthesis.
func parseStat(line []byte) (Stat, error) {
	open, end := bytes.IndexByte(line, '('), bytes.LastIndexByte(line, ')')
	if open < 1 || end < open {
		return Stat{}, fmt.Errorf("wanted a line of /proc/PID/stat, got %.60q", line)
	}
	fields := bytes.Fields(line[end+1:])
	if len(fields) < 20 || len(fields[0]) != 1 {
		return Stat{}, fmt.Errorf("wanted 20 fields after the name in /proc/PID/stat, got %.60q", line)
	}
	s := Stat{Comm: string(line[open+1 : end]), State: fields[0][0]}
	for _, f := range []struct {
		to   *int
		text []byte
	}{
		{&s.PID, bytes.TrimSpace(line[:open])},
		{&s.Parent, fields[1]},
		{&s.Group, fields[2]},
		{&s.Session, fields[3]},
		{&s.Threads, fields[17]},
	} {
		n, err := strconv.Atoi(string(f.text))
		if err != nil {
			return Stat{}, fmt.Errorf("field of /proc/PID/stat: %w", err)
		}
		*f.to = n
	}
	start, err := strconv.ParseUint(string(fields[19]), 10, 64)
	if err != nil {
		return Stat{}, fmt.Errorf("start time in /proc/PID/stat: %w", err)
	}
	s.Start = start
	return s, nil
}

// Children lists the running children of a process.
func Children(pid int) ([]Stat, error) {
	return childrenOf(pid, func(s Stat) bool { return !s.Dead() })
}

// Zombies lists the children of a process that have ended but were not reaped.
func Zombies(pid int) ([]Stat, error) { return childrenOf(pid, func(s Stat) bool { return s.Dead() }) }

func childrenOf(pid int, wanted func(Stat) bool) ([]Stat, error) {
	if pid == os.Getpid() && childless() {
		return nil, nil
	}
	all, _, err := snapshot()
	if err != nil {
		return nil, fmt.Errorf("list the children of process %d: %w", pid, err)
	}
	var children []Stat
	for _, s := range all {
		if s.Parent == pid && wanted(s) {
			children = append(children, s)
		}
	}
	return children, nil
}

// childless reports whether this process certainly has no children. A wait that takes
// nothing away asks the kernel, which is much cheaper than reading all of /proc.
func childless() bool {
	err := unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT|unix.WALL, nil)
	return errors.Is(err, unix.ECHILD)
}

// ByParent lists all running processes from one snapshot, by the pid of their parent.
// If a pid was reused meanwhile, a process may be its own descendant.
func ByParent() (map[int][]Stat, error) {
	all, _, err := snapshot()
	if err != nil {
		return nil, fmt.Errorf("list all processes: %w", err)
	}
	children := map[int][]Stat{}
	for _, s := range all {
		if !s.Dead() {
			children[s.Parent] = append(children[s.Parent], s)
		}
	}
	return children, nil
}

// Memory is the resident memory of a process, in bytes.
func Memory(pid int) (int64, error) {
	path := "/proc/" + strconv.Itoa(pid) + "/statm"
	var buf [statSize]byte
	n, err := readFile(path, buf[:])
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(buf[:n])
	if len(fields) < 2 {
		return 0, fmt.Errorf("wanted at least 2 fields in %s, got %.60q", path, buf[:n])
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("resident pages in %s: %w", path, err)
	}
	return pages * int64(os.Getpagesize()), nil
}
