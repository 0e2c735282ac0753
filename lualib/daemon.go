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

// daemonHold takes the pid file for as long as this process lives.
func daemonHold(c *bind.Call) error {
	var path string
	if err := c.Args(&path); err != nil {
		return err
	}
	return process.HoldPidFile(path)
}

func daemonHolder(c *bind.Call) error {
	var path string
	if err := c.Args(&path); err != nil {
		return err
	}
	var pid int
	var err error
	c.Unlocked(func(context.Context) { pid, err = process.HolderOf(path) })
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

// killTime is how long a daemon that was killed may take to be gone.
const killTime = 5 * time.Second

// daemonStop ends the process that holds a pid file.
func daemonStop(c *bind.Call) error {
	var path string
	var limit bind.Seconds
	if err := c.Args(&path, &limit); err != nil {
		return err
	}
	var daemon *process.Daemon
	var err error
	c.Unlocked(func(ctx context.Context) {
		if daemon, err = holderOf(path); daemon != nil {
			err = endDaemon(ctx, daemon, path, timeout(limit))
		}
	})
	if err != nil {
		return err
	}
	return c.Return(daemon != nil)
}

// holderOf gets hold of the process that holds a pid file, nil for none. Its
// number may be another's before it is got hold of, so it is asked for again.
func holderOf(path string) (*process.Daemon, error) {
	for {
		pid, err := process.HolderOf(path)
		if err != nil || pid == 0 {
			return nil, err
		}
		daemon, missing := process.FindDaemon(pid)
		again, err := process.HolderOf(path)
		switch {
		case err != nil:
			return nil, err
		case again == pid && missing != nil:
			return nil, fmt.Errorf("%s is held, but not by the process that it names: %w", path, missing)
		case again == pid:
			return daemon, nil
		}
	}
}

func endDaemon(ctx context.Context, daemon *process.Daemon, path string, limit time.Duration) error {
	for _, step := range []process.Step{{Signal: syscall.SIGTERM, Grace: limit}, {Signal: syscall.SIGKILL, Grace: killTime}} {
		if err := daemon.Signal(step.Signal); err != nil {
			return err
		}
		var expired <-chan time.Time
		if step.Grace >= 0 {
			expired = time.After(step.Grace)
		}
		select {
		case <-daemon.Ended():
			return released(ctx, daemon, path)
		case <-expired:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return fmt.Errorf("process %d did not end, though it was killed", daemon.Pid)
}

// released waits until the next daemon can start. A command that was being
// started by the one that has ended may have its locks for a moment longer.
func released(ctx context.Context, daemon *process.Daemon, path string) error {
	const step = 5 * time.Millisecond
	for deadline := time.Now().Add(killTime); time.Now().Before(deadline); {
		if pid, _ := process.HolderOf(path); pid != daemon.Pid {
			return nil
		}
		select {
		case <-time.After(step):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return fmt.Errorf("process %d has ended, but %s is still locked", daemon.Pid, path)
}
