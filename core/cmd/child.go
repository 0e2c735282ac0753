package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
	"time"

	"avescript/core/exceptions"
	"avescript/core/process"
)

// child is a program that was started as the session leader of a
// pseudoterminal. Whoever starts it must close it, and before that either reap
// it or leave that to somebody else.
type child struct {
	pid    int
	master *os.File

	// replica is kept open, so that the master never reports an end of output
	// while the command lives: a command may close its terminal and open it
	// again as /dev/tty.
	replica *os.File
}

// start runs argv on a new pseudoterminal. The program is found in PATH unless
// its name has a slash. It inherits no other descriptors, and is killed when
// this program dies.
func start(argv []string, opts Options) (*child, error) {
	if len(argv) == 0 || argv[0] == "" {
		return nil, runError(argv, errors.New("wanted a command, got an empty one"))
	}
	master, replica, err := openTerminal()
	if err != nil {
		return nil, runError(argv, err)
	}
	program := exec.Command(argv[0], argv[1:]...)
	program.Dir = opts.Dir
	program.Env = append(program.Environ(), opts.Env...) // with PWD for Dir
	program.Stdin, program.Stdout, program.Stderr = replica, replica, replica
	program.SysProcAttr = &syscall.SysProcAttr{
		Setsid:    true,
		Setctty:   true,
		Pdeathsig: syscall.SIGKILL,
	}
	c := &child{master: master, replica: replica}
	if err := process.Spawn(program.Start); err != nil {
		c.close()
		return nil, runError(argv, startFailure(err, opts.Dir))
	}
	c.pid = program.Process.Pid
	_ = program.Process.Release() // it is waited for by its pid
	return c, nil
}

// startFailure is the reason why a program could not be started, without the
// words that Go puts before it.
func startFailure(err error, dir string) error {
	if dir != "" {
		// The kernel does not say whether it was the directory that it
		// missed, or the program.
		if info, statErr := os.Stat(dir); statErr != nil {
			err = statErr
		} else if !info.IsDir() {
			return fmt.Errorf("cwd %s: %w", dir, syscall.ENOTDIR)
		}
	}
	var path *fs.PathError
	var lookup *exec.Error
	switch {
	case errors.As(err, &lookup):
		return fmt.Errorf("%s: %w", lookup.Name, lookup.Err)
	case errors.As(err, &path) && path.Op == "stat":
		return fmt.Errorf("cwd %s: %w", path.Path, path.Err)
	case errors.As(err, &path):
		return fmt.Errorf("%s: %w", path.Path, path.Err)
	}
	return err
}

// runError says that argv could not be started.
func runError(argv []string, reason error) error {
	e := exceptions.RunError.Newf("%w", reason)
	e.Details = map[string]any{"cmd": append([]string{}, argv...), "out": "", "ptyout": ""}
	return e
}

// interrupt wakes a Read on the terminal and lets all further ones fail with
// os.ErrDeadlineExceeded.
func (c *child) interrupt() { _ = c.master.SetReadDeadline(time.Unix(1, 0)) }

// kill ends the child's tree and reaps the child. If some of the tree cannot be
// killed then the terminal must be closed, which hangs them up; the child is
// reaped whenever it ends.
func (c *child) kill() (syscall.WaitStatus, error) {
	err := killTree(c.pid, process.HangUp)
	running.remove(c.pid)
	if err != nil {
		go func() { _, _ = reap(c.pid) }()
		return 0, err
	}
	return reap(c.pid)
}

// reap waits for a child. Only that child: others have their own waiters.
func reap(pid int) (status syscall.WaitStatus, err error) {
	for {
		_, err = syscall.Wait4(pid, &status, 0, nil)
		if err == nil {
			return status, nil
		}
		if !errors.Is(err, syscall.EINTR) {
			return 0, fmt.Errorf("wait for process %d: %w", pid, err)
		}
	}
}

func (c *child) close() error {
	return errors.Join(c.master.Close(), c.replica.Close())
}
