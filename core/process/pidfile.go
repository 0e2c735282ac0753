package process

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// PidFile is a file with the number of the one process that holds it. The
// process has it locked as long as it lives, however it ends; a file that
// nobody has locked is stale, whatever number it has.
type PidFile struct{ file *os.File }

// RunningError says that another process holds a pid file.
type RunningError struct {
	Path string
	Pid  int // 0 if it has not written its number yet
}

func (e *RunningError) Error() string {
	if e.Pid == 0 {
		return fmt.Sprintf("%s is held by a process that is just starting", e.Path)
	}
	return fmt.Sprintf("%s is held by process %d, which is running", e.Path, e.Pid)
}

// HoldPidFile takes a pid file for this process. It must never be closed: the
// lock ends with the process. The error is a *[RunningError] if another one
// has it.
func HoldPidFile(path string) (*PidFile, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := unix.FcntlFlock(file.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK}); err != nil {
		defer file.Close()
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
			return nil, &RunningError{path, readPid(file)}
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if err := file.Truncate(0); err != nil {
		file.Close()
		return nil, err
	}
	if _, err := file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		file.Close()
		return nil, err
	}
	return &PidFile{file}, nil
}

// HolderOf is the process that holds a pid file, 0 for none.
func HolderOf(path string) (pid int, err error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer file.Close()
	// Asking takes no lock, so a process that starts just now isn't disturbed.
	lock := unix.Flock_t{Type: unix.F_RDLCK}
	if err := unix.FcntlFlock(file.Fd(), unix.F_OFD_GETLK, &lock); err != nil {
		return 0, fmt.Errorf("look at the lock of %s: %w", path, err)
	}
	if lock.Type == unix.F_UNLCK {
		return 0, nil
	}
	if pid = readPid(file); pid == 0 {
		return 0, &RunningError{path, 0}
	}
	return pid, nil
}

func readPid(file *os.File) int {
	text, err := io.ReadAll(io.NewSectionReader(file, 0, 32))
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return pid
}
