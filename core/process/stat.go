package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Stat is the part of /proc/PID/stat that tells who a process is and to whom it
// belongs.
type Stat struct {
	PID     int
	Comm    string // the process name, at most 15 bytes
	State   byte   // R, S, D, T, t, Z, ... as in proc_pid_stat(5)
	Parent  int
	Group   int
	Session int
	Threads int
	Start   uint64 // clock ticks since boot: with PID, it names a process for ever
}

// Dead reports whether the process has ended and only waits to be reaped. A
// process whose first thread has ended looks like a zombie too, but runs on.
func (s *Stat) Dead() bool {
	return (s.State == 'Z' || s.State == 'X') && s.Threads < 2
}

// Stopped reports whether a signal or a tracer has stopped the process.
func (s *Stat) Stopped() bool { return s.State == 'T' || s.State == 't' }

// ReadStat asks for one process. The error wraps [os.ErrNotExist] if there is
// none with this pid.
func ReadStat(pid int) (Stat, error) {
	var buf [statSize]byte
	return readStat(strconv.Itoa(pid), buf[:])
}

// statSize is more than a stat line can be long.
const statSize = 1024

// readStat avoids os.File, which would offer each of the hundreds of files of a
// snapshot to the network poller.
func readStat(pid string, buf []byte) (Stat, error) {
	path := "/proc/" + pid + "/stat"
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return Stat{}, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	n, err := unix.Read(fd, buf)
	if errors.Is(err, unix.ESRCH) {
		err = unix.ENOENT // it ended between open and read
	}
	if err != nil {
		return Stat{}, &os.PathError{Op: "read", Path: path, Err: err}
	}
	return parseStat(buf[:n])
}

// parseStat reads "pid (comm) state ppid ...". The name may itself contain
// blanks, parentheses and line ends, so its end is the last parenthesis.
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

// snapshot lists the processes that /proc shows. It is no atomic view: some may
// have started meanwhile. It tells whether some have ended between being listed
// and being read, which may have started others just before. Processes of other
// users are left out where /proc is mounted with hidepid: nothing could be done
// to them anyway.
func snapshot() (all []Stat, vanished bool, err error) {
	names, err := pids()
	if err != nil {
		return nil, false, err
	}
	all = make([]Stat, 0, len(names))
	var buf [statSize]byte
	for _, name := range names {
		s, err := readStat(name, buf[:])
		gone := err == nil && s.Session < 0 // reaped while the kernel wrote the line
		if gone || errors.Is(err, os.ErrNotExist) {
			vanished = true
			continue
		}
		if errors.Is(err, os.ErrPermission) {
			continue
		}
		if err != nil {
			return nil, false, err
		}
		all = append(all, s)
	}
	return all, vanished, nil
}

// pids are the names of the processes in /proc.
func pids() ([]string, error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	numbers := names[:0]
	for _, name := range names {
		if '0' <= name[0] && name[0] <= '9' {
			numbers = append(numbers, name)
		}
	}
	return numbers, nil
}

// Children lists the living children of a process.
func Children(pid int) ([]Stat, error) {
	return childrenOf(pid, func(s Stat) bool { return !s.Dead() })
}

// Zombies lists the children of a process that have ended and not been reaped.
func Zombies(pid int) ([]Stat, error) { return childrenOf(pid, func(s Stat) bool { return s.Dead() }) }

func childrenOf(pid int, wanted func(Stat) bool) ([]Stat, error) {
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

// ByParent lists all living processes, each under the pid of its parent, from one look
// at them. If a pid was used again meanwhile, a process may be below itself.
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
