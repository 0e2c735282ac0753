package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A pid file contains the pid of the process that holds it. The process has two bytes
// of the file locked until it ends, in whatever way: the first is its claim, and the
// second says that the number is its own and not that of an earlier process. A file
// without locks is stale.
const (
	claimByte  = 0
	numberByte = 1
)

const (
	// numberTime is how long a process may take to write its pid after it has claimed a
	// pid file.
	numberTime = time.Second
	numberStep = 5 * time.Millisecond
)

// RunningError says that another process holds a pid file.
type RunningError struct {
	Path string
	Pid  int // 0 if it is unknown
}

func (e *RunningError) Error() string {
	if e.Pid == 0 {
		return fmt.Sprintf("%s is locked by another process, whose pid is unknown", e.Path)
	}
	return fmt.Sprintf("%s is locked by process %d, which is still running", e.Path, e.Pid)
}

// Other reasons for which holding a pid file can fail.
var (
	errShared = errors.New("another process has locked it for reading")
	errMoved  = errors.New("it was replaced by another file")
)

// HoldPidFile takes a pid file for this process, until it ends. The error is a
// *[RunningError] if another process has it. The lock of a process that may only read
// the file does not count: the file is then replaced. [RemovePidFiles] removes the
// file.
func HoldPidFile(path string) error {
	const attempts = 200
	for range attempts {
		// Not an os.File, which the garbage collector would close.
		fd, err := unix.Open(path, unix.O_RDWR|unix.O_CREAT|unix.O_CLOEXEC, 0o644)
		if err != nil {
			return &os.PathError{Op: "open", Path: path, Err: err}
		}
		err = claim(fd, path)
		if err == nil {
			held.add(path, fd)
			return nil
		}
		if errors.Is(err, errShared) {
			err = replace(fd, path)
		}
		unix.Close(fd)
		if !errors.Is(err, errMoved) {
			return err
		}
		time.Sleep(numberStep)
	}
	return fmt.Errorf("lock %s: %w again and again", path, errMoved)
}

// claim takes the locks of an open pid file, and writes the pid.
func claim(fd int, path string) error {
	err := lockByte(fd, claimByte)
	switch {
	case isRefusal(err):
		pid, held, err := look(fd)
		if held {
			return &RunningError{path, pid}
		}
		return errors.Join(err, errShared)
	case err != nil:
		return fmt.Errorf("lock %s: %w", path, err)
	case !isAt(fd, path):
		return errMoved
	}
	return writeNumber(fd, path)
}

func writeNumber(fd int, path string) error {
	if err := unix.Ftruncate(fd, 0); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if _, err := unix.Pwrite(fd, []byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	switch err := lockByte(fd, numberByte); {
	case isRefusal(err):
		return errShared
	case err != nil:
		return fmt.Errorf("lock %s: %w", path, err)
	}
	return nil
}

// replace replaces the open pid file by a new one that this process already holds. Our
// own shared lock prevents others from claiming the old file meanwhile; if several
// processes replace it, only one of them has the claim of the new file.
func replace(old int, path string) (err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	lock := byteLock(unix.F_RDLCK, claimByte)
	if err := unix.FcntlFlock(uintptr(old), unix.F_OFD_SETLK, lock); err != nil {
		return errMoved // another process was faster; the next attempt will find it
	}
	part := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
	fd, err := unix.Open(part, unix.O_RDWR|unix.O_CREAT|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return fmt.Errorf("replace %s, which another process has locked for reading: %w", path, &os.PathError{Op: "open", Path: part, Err: err})
	}
	defer func() {
		if err != nil {
			unix.Close(fd)
		}
	}()
	if err := lockByte(fd, claimByte); err != nil || !isAt(fd, part) {
		return errMoved
	}
	if !isAt(old, path) {
		return errors.Join(os.Remove(part), errMoved)
	}
	if err := errors.Join(writeNumber(fd, part), unix.Fchmod(fd, 0o644)); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	if err := os.Rename(part, path); err != nil {
		return err
	}
	held.add(path, fd)
	return nil
}

func isRefusal(err error) bool { return errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) }

// isAt reports whether an open file is the one at a path.
func isAt(fd int, path string) bool {
	var open, named unix.Stat_t
	return unix.Fstat(fd, &open) == nil && unix.Stat(path, &named) == nil && open.Dev == named.Dev && open.Ino == named.Ino
}

// HolderOf returns the pid of the process that holds a pid file, 0 for none. It waits a
// moment for a process that is just starting. The error is a *[RunningError] if the pid
// is unknown.
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
			return 0, fmt.Errorf("read the lock of %s: %w", path, err)
		case !held, pid != 0:
			return pid, nil
		case time.Now().After(deadline):
			return 0, &RunningError{path, 0}
		}
	}
}

// look reports whether a process holds a pid file, and its pid if that is known.
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

// isLocked takes no lock itself, so it does not disturb a process that is just
// starting.
func isLocked(fd int, at int64) (bool, error) {
	lock := byteLock(unix.F_RDLCK, at)
	err := unix.FcntlFlock(uintptr(fd), unix.F_OFD_GETLK, lock)
	return lock.Type != unix.F_UNLCK, err
}

// readPid returns 0 if the file does not contain a pid.
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
