package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"avescript/core/process"
	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// DaemonHost has the functions in Go for the module ave.daemon, which is written in
// Lua.
var DaemonHost = bind.Module{
	Name: "ave.daemon.host",
	Funcs: []bind.Fn{
		bind.Func("absolute", "path", daemonAbsolute),
		bind.Func("hold", "path", daemonHold),
		bind.Func("holder", "path", daemonHolder),
		bind.Func("redirect", "path?", daemonRedirect),
		bind.Func("stop", "path, timeout", daemonStop),
	},
}

// pathFields are the fields with paths of Control, Daemon and the processes of the
// broker.
var pathFields = []string{"directory", "home", "log_file", "pid_file", "state_file", "tls_cert", "tls_key", "tls_client_ca"}

// LeaveDirectory changes the directory of a daemon to /, so that it does not keep a
// file system in use. Relative paths become absolute; base is the directory in
// which it was started.
func LeaveDirectory(L *lua.LState, self *lua.LTable, base string) error {
	absolute := func(t *lua.LTable, key lua.LValue) {
		if path, ok := t.RawGet(key).(lua.LString); ok && path != "" && !filepath.IsAbs(string(path)) {
			t.RawSet(key, lua.LString(filepath.Join(base, string(path))))
		}
	}
	for _, name := range pathFields {
		absolute(self, lua.LString(name))
	}
	if arg, ok := vm.Of(L).Globals().RawGetString("arg").(*lua.LTable); ok {
		absolute(arg, lua.LNumber(0)) // the script
	}
	return os.Chdir("/")
}

func daemonAbsolute(c *bind.Call) error {
	var path string
	if err := c.Args(&path); err != nil {
		return err
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	return c.Return(path)
}

// daemonHold locks the pid file for the lifetime of this process.
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

// daemonRedirect sends the output to a log file or to /dev/null, and makes the
// input empty.
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

// killTime is how long a daemon may take to end after SIGKILL.
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
			err = endDaemon(ctx, daemon, path, limit.Timeout())
		}
	})
	if err != nil {
		return err
	}
	return c.Return(daemon != nil)
}

// holderOf opens the process that holds a pid file; nil if there is none. The pid
// may be reused before the process is opened, so the file is read again afterwards.
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
			return nil, fmt.Errorf("%s is locked, but not by the process that it names: %w", path, missing)
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
	return fmt.Errorf("process %d is still running after SIGKILL", daemon.Pid)
}

// released waits until the next daemon can start. A command that the ended daemon
// was just starting may hold its locks for a moment longer.
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
