package store

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// InUseError says that another process has the store open.
type InUseError struct {
	Path string
	Pid  int // of that process; 0 if unknown
}

func (e *InUseError) Error() string {
	if e.Pid == 0 {
		return e.Path + " is in use by another process"
	}
	return fmt.Sprintf("%s is in use by process %d", e.Path, e.Pid)
}

// holder is the pid of the process that has locked a file, or 0. A line of /proc/locks
// is
//
//	1: FLOCK  ADVISORY  WRITE 4711 fe:01:1234 0 EOF
func holder(path string) int {
	var stat unix.Stat_t
	if unix.Stat(path, &stat) != nil {
		return 0
	}
	locks, err := os.Open("/proc/locks")
	if err != nil {
		return 0
	}
	defer locks.Close()
	file := fmt.Sprintf("%02x:%02x:%d", unix.Major(stat.Dev), unix.Minor(stat.Dev), stat.Ino)
	for lines := bufio.NewScanner(locks); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) > 5 && fields[1] == "FLOCK" && fields[5] == file {
			pid, _ := strconv.Atoi(fields[4]) // -1 is a process of another pid namespace
			return max(pid, 0)
		}
	}
	return 0
}
