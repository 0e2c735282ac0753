package lualib

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/process"
	"avescript/lualib/bind"
)

// daemonHost is what the module ave.daemon, which is written in Lua, needs of
// Go.
var daemonHost = bind.Module{
	Name: "ave.daemon.host",
	Funcs: []bind.Fn{
		bind.Func("hold", "path", daemonHold),
		bind.Func("holder", "path", daemonHolder),
		bind.Func("redirect", "path?", daemonRedirect),
		bind.Func("stop", "path, timeout", daemonStop),
	},
}

// held are the pid files of this process, which must never be closed.
var held []*process.PidFile

func daemonHold(c *bind.Call) error {
	var path string
	if err := c.Args(&path); err != nil {
		return err
	}
	file, err := process.HoldPidFile(path)
	if err != nil {
		return err
	}
	held = append(held, file)
	return nil
}

func daemonHolder(c *bind.Call) error {
	var path string
	if err := c.Args(&path); err != nil {
		return err
	}
	pid, err := process.HolderOf(path)
	if err != nil || pid == 0 {
		return err
	}
	return c.Return(pid)
}

// daemonRedirect lets the process write to a log file, or nowhere, and read
// nothing.
func daemonRedirect(c *bind.Call) error {
	path := os.DevNull
	if err := c.Args(&path); err != nil {
		return err
	}
	log, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("the log file: %w", err)
	}
	defer log.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	defer null.Close()
	return errors.Join(
		unix.Dup3(int(null.Fd()), 0, 0),
		unix.Dup3(int(log.Fd()), 1, 0),
		unix.Dup3(int(log.Fd()), 2, 0),
	)
}

// daemonStop ends the process that holds a pid file.
func daemonStop(c *bind.Call) error {
	var path string
	var limit bind.Seconds
	if err := c.Args(&path, &limit); err != nil {
		return err
	}
	pid, err := process.HolderOf(path)
	if err != nil {
		return err
	}
	if pid == 0 {
		return c.Return(false)
	}
	daemon, err := process.FindDaemon(pid)
	if err != nil {
		return err
	}
	c.Unlocked(func(ctx context.Context) { err = endDaemon(ctx, daemon, path, limit.Duration) })
	if err != nil {
		return err
	}
	return c.Return(true)
}

// endDaemon looks at the lock, not at the process: it is what the next one
// waits for.
func endDaemon(ctx context.Context, daemon *process.Daemon, path string, limit time.Duration) error {
	const step = 5 * time.Millisecond
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if err := daemon.Signal(signal); err != nil {
			return err
		}
		for deadline := time.Now().Add(limit); time.Now().Before(deadline); {
			if pid, err := process.HolderOf(path); pid != daemon.Pid {
				return err
			}
			select {
			case <-time.After(step):
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	}
	return fmt.Errorf("process %d did not end, though it was killed", daemon.Pid)
}
