package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// NamePrefix is the beginning of the names of services and other processes that scripts
// start.
const NamePrefix = "ave-"

// Program is a process of this system: its name begins with NamePrefix, or it runs
// avescript.
type Program struct {
	Stat
	Script string // the file that it runs, or "-e" or "-", unless its name says enough
	UID    int
}

// IsNamed reports whether the process has a name, as services have.
func (p *Program) IsNamed() bool { return strings.HasPrefix(p.Comm, NamePrefix) }

// Programs lists the running processes of this system on this host, except the caller.
// Processes of other users about which nothing is known are left out.
func Programs() ([]Program, error) {
	all, _, err := snapshot()
	if err != nil {
		return nil, fmt.Errorf("list all processes: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var programs []Program
	for _, s := range all {
		if s.Dead() || s.PID == os.Getpid() {
			continue
		}
		p := Program{Stat: s}
		if !p.IsNamed() && !runs(s.PID, self) {
			continue
		}
		if p.UID, err = owner(s.PID); err != nil {
			continue // it has just ended
		}
		if !p.IsNamed() {
			p.Script = scriptOf(s.PID)
		}
		programs = append(programs, p)
	}
	return programs, nil
}

// runs reports whether a process runs an executable, even if the file was replaced
// since it was started, or one of the same name.
func runs(pid int, executable string) bool {
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	path = strings.TrimSuffix(path, " (deleted)")
	return err == nil && filepath.Base(path) == filepath.Base(executable)
}

func owner(pid int) (int, error) {
	var stat unix.Stat_t
	if err := unix.Stat("/proc/"+strconv.Itoa(pid), &stat); err != nil {
		return 0, err
	}
	return int(stat.Uid), nil
}

// scriptOf finds the script on a command line. Other arguments are left out: they may
// be secret.
func scriptOf(pid int) string {
	line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	for _, word := range bytes.Split(line, []byte{0})[1:] {
		text := string(word)
		short := !strings.HasPrefix(text, "--")
		switch {
		case !strings.HasPrefix(text, "-"), text == "-":
			return text
		case short && strings.Contains(text, "e"), strings.HasPrefix(text, "--execute"):
			return "-e"
		}
	}
	return ""
}

// Catches reports whether a process handles a signal that would end it otherwise.
func Catches(pid int, signal unix.Signal) (bool, error) {
	buf := make([]byte, 8<<10)
	n, err := readFile("/proc/"+strconv.Itoa(pid)+"/status", buf)
	if err != nil {
		return false, err
	}
	set, err := signalSet(buf[:n], "SigCgt")
	return set&(1<<(signal-1)) != 0, err
}

// signalSet reads a line of /proc/PID/status.
func signalSet(status []byte, name string) (uint64, error) {
	_, rest, found := bytes.Cut(status, []byte("\n"+name+":\t"))
	digits, _, _ := bytes.Cut(rest, []byte("\n"))
	set, err := strconv.ParseUint(string(digits), 16, 64)
	if !found || err != nil {
		return 0, errors.New("wanted signals as " + name + " in /proc/PID/status")
	}
	return set, nil
}
