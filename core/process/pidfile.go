package process

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A pid file has the number of the one process that holds it. The process has
// two bytes of it locked for as long as it lives, however it ends: the first is
// its claim, and the second says that the number is its own, and not that of
// the one before. A file that nobody has locked is stale.
const (
	claimByte  = 0
	numberByte = 1
)

const (
	// numberTime is how long a process that has just claimed a pid file may
	// take to write its number.
	numberTime = time.Second
	numberStep = 5 * time.Millisecond
)

// RunningError says that another process holds a pid file.
type RunningError struct {
	Path string
	Pid  int // 0 if its number is not in the file
}

func (e *RunningError) Error() string {
	if e.Pid == 0 {
		return fmt.Sprintf("%s is held by a process whose number is not in it", e.Path)
	}
	return fmt.Sprintf("%s is held by process %d, which is running", e.Path, e.Pid)
}

// HoldPidFile takes a pid file for this process, until it ends. The error is a
// *[RunningError] if another one has it.
func HoldPidFile(path string) (err error) {
	// No os.File, which the garbage collector would close.
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CREAT|unix.O_CLOEXEC, 0o644)
	if err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer func() {
		if err != nil {
			unix.Close(fd)
		}
	}()
	if err := lockByte(fd, claimByte); err != nil {
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
			pid, _, _ := look(fd)
			return &RunningError{path, pid}
		}
		return fmt.Errorf("lock %s: %w", path, err)
	}
	if err := unix.Ftruncate(fd, 0); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if _, err := unix.Pwrite(fd, []byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := lockByte(fd, numberByte); err != nil {
		return fmt.Errorf("lock %s: %w", path, err)
	}
	return nil
}

// HolderOf is the process that holds a pid file, 0 for none. It waits a moment
// for one that is just starting. The error is a *[RunningError] if the number
// is not to be had.
func HolderOf(path string) (pid int, err error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOENT) {
		return 0, nil
	}
	if err != nil {
		return 0, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	for deadline := time.Now().Add(numberTime); ; time.Sleep(numberStep) {
		pid, held, err := look(fd)
		switch {
		case err != nil:
			return 0, fmt.Errorf("look at the lock of %s: %w", path, err)
		case !held, pid != 0:
			return pid, nil
		case time.Now().After(deadline):
			return 0, &RunningError{path, 0}
		}
	}
}

// look tells whether a process holds a pid file, and its number if that is
// known.
func look(fd int) (pid int, held bool, err error) {
	numbered, err := isLocked(fd, numberByte)
	if err != nil {
		return 0, false, err
	}
	if numbered {
		return readPid(fd), true, nil
	}
	held, err = isLocked(fd, claimByte)
	return 0, held, err
}

func byteLock(kind int16, at int64) *unix.Flock_t {
	return &unix.Flock_t{Type: kind, Start: at, Len: 1}
}

func lockByte(fd int, at int64) error {
	return unix.FcntlFlock(uintptr(fd), unix.F_OFD_SETLK, byteLock(unix.F_WRLCK, at))
}

// isLocked takes no lock itself, so a process that starts just now isn't
// disturbed.
func isLocked(fd int, at int64) (bool, error) {
	lock := byteLock(unix.F_RDLCK, at)
	err := unix.FcntlFlock(uintptr(fd), unix.F_OFD_GETLK, lock)
	return lock.Type != unix.F_UNLCK, err
}

// readPid gives 0 for what is no number of a process.
func readPid(fd int) int {
	var text [32]byte
	n, err := unix.Pread(fd, text[:], 0)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text[:n])))
	if err != nil {
		return 0
	}
	return max(pid, 0)
}
