package cmd

import (
	"context"
	"fmt"
	"io"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/exceptions"
	"avescript/core/posix"
	"avescript/core/pty"
)

// background are the commands of [RunBackground] that have not been waited for, by pid.
var background = struct {
	mu       sync.Mutex
	commands map[int]*backgroundCommand
}{commands: map[int]*backgroundCommand{}}

// backgroundCommand is shared by all goroutines that wait for the command: all of them
// get its status.
type backgroundCommand struct {
	mu     sync.Mutex
	reaped bool
	status int
	err    error
}

// RunBackground starts a command and leaves it to the caller, who must wait for the
// pid, with [Wait] or wait4, and close the descriptor of the terminal, which is
// non-blocking. Closing it hangs up the command. Reading returns EIO when no process
// has the terminal open any more. Unless debug is nil, the command is written to it, on
// one line.
func RunBackground(argv []string, opts pty.Options, debug io.Writer) (pid, terminal int, err error) {
	announce(debug, argv)
	background.mu.Lock()
	defer background.mu.Unlock()
	pid, terminal, err = pty.StartDetached(argv, opts)
	if err == nil {
		background.commands[pid] = &backgroundCommand{}
	}
	return pid, terminal, err
}

// Owns reports whether a process is a command of this package that has not been waited
// for.
func Owns(pid int) bool {
	background.mu.Lock()
	defer background.mu.Unlock()
	return background.commands[pid] != nil || pty.Owns(pid)
}

// Wait waits for a command of [RunBackground] and returns its status, as [Run] does.
// For any other process, whose status somebody else may need, the error is ECHILD, also
// for a command that has already been waited for. A negative timeout means no limit;
// after the timeout the error is an exceptions.Timeout.
func Wait(ctx context.Context, pid int, timeout time.Duration) (status int, err error) {
	background.mu.Lock()
	command := background.commands[pid]
	background.mu.Unlock()
	if command == nil {
		return 0, notOurs(pid)
	}
	if err := command.awaitEnd(ctx, pid, timeout); err != nil {
		return 0, err
	}
	return command.reap(pid)
}

func notOurs(pid int) error {
	return fmt.Errorf("wanted a background command that has not been waited for, got process %d: %w", pid, syscall.ECHILD)
}

func (c *backgroundCommand) awaitEnd(ctx context.Context, pid int, timeout time.Duration) error {
	c.mu.Lock()
	pidfd, err := -1, error(nil)
	if !c.reaped { // until then the pid belongs to the command
		pidfd, err = unix.PidfdOpen(pid, 0)
	}
	c.mu.Unlock()
	if err != nil {
		return fmt.Errorf("pidfd of process %d: %w", pid, err)
	}
	if pidfd < 0 {
		return nil
	}
	defer unix.Close(pidfd)
	n, err := posix.Poll(ctx, []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, timeout)
	if err == nil && n == 0 {
		return exceptions.Timeout.Newf("process %d did not end within %v", pid, timeout)
	}
	return err
}

// reap is called when the command has ended.
func (c *backgroundCommand) reap(pid int) (status int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reaped {
		return c.status, c.err
	}
	// The entry is removed before the pid can be used again.
	background.mu.Lock()
	delete(background.commands, pid)
	background.mu.Unlock()
	c.reaped = true
	var wait syscall.WaitStatus
	for {
		_, err := syscall.Wait4(pid, &wait, 0, nil)
		switch err {
		case nil:
			c.status = pty.ExitStatus(wait)
		case syscall.EINTR:
			continue
		default:
			c.err = notOurs(pid)
		}
		return c.status, c.err
	}
}
