package pty

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"avescript/core/exceptions"
)

// checkWords refuses words that cannot be passed to a program.
func checkWords(argv []string) error {
	if len(argv) == 0 || argv[0] == "" {
		return errors.New("wanted a command, got an empty one")
	}
	for i, word := range argv {
		if strings.ContainsRune(word, 0) {
			return fmt.Errorf("wanted words without zero bytes, got %.40q as word %d of the command", word, i+1)
		}
	}
	return nil
}

// runError is the error that argv could not be started.
func runError(argv []string, reason error) error {
	e := exceptions.RunError.Newf("%w", reason)
	e.Details = map[string]any{"cmd": append([]string{}, argv...), "out": "", "ptyout": ""}
	return e
}

// missing is the error for a program that does not exist, in the words of the system:
// clients of the earlier system look for these. Go's own words begin in lower case.
type missing struct{}

func (missing) Error() string { return "No such file or directory" }
func (missing) Unwrap() error { return syscall.ENOENT }

// startFailure is the reason why a program could not be started, without the words that
// Go puts before it.
func startFailure(err error, dir string) error {
	if dir != "" {
		// The kernel does not say whether the directory or the program is missing.
		info, statErr := os.Stat(dir)
		switch {
		case statErr != nil:
			return fmt.Errorf("cwd %s: %w", dir, errors.Unwrap(statErr))
		case !info.IsDir():
			return fmt.Errorf("cwd %s: %w", dir, syscall.ENOTDIR)
		}
	}
	var path *fs.PathError
	var lookup *exec.Error
	switch {
	case errors.Is(err, exec.ErrNotFound) && errors.As(err, &lookup):
		return fmt.Errorf("%s: %w: %w", lookup.Name, lookup.Err, missing{})
	case errors.As(err, &lookup) && errors.As(lookup.Err, &path):
		return fmt.Errorf("%s: %w", lookup.Name, path.Err)
	case errors.As(err, &lookup):
		return fmt.Errorf("%s: %w", lookup.Name, lookup.Err)
	case errors.As(err, &path) && errors.Is(path.Err, syscall.ENOENT):
		return fmt.Errorf("%s: %w", path.Path, missing{})
	case errors.As(err, &path):
		return fmt.Errorf("%s: %w", path.Path, scarcity(path.Err))
	}
	return err
}

// scarcity adds to err which resource this program or the system has run out of, if
// any.
func scarcity(err error) error {
	var limit unix.Rlimit
	switch {
	case errors.Is(err, unix.EMFILE):
		_ = unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)
		return fmt.Errorf("out of file descriptors: this process may have at most %d: %w", limit.Cur, unix.EMFILE)
	case errors.Is(err, unix.ENFILE):
		return fmt.Errorf("the system is out of file descriptors: %w", unix.ENFILE)
	case errors.Is(err, unix.ENOSPC):
		return fmt.Errorf("out of pseudoterminals, see /proc/sys/kernel/pty: %w", unix.ENOSPC)
	case errors.Is(err, unix.EAGAIN):
		return fmt.Errorf("out of processes: this user or control group has reached its limit: %w", unix.EAGAIN)
	case errors.Is(err, unix.ENOMEM):
		return fmt.Errorf("out of memory: %w", unix.ENOMEM)
	}
	return err
}
