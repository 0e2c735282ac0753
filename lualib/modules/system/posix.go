package system

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"avescript/core/cmd"
	"avescript/core/exceptions"
	"avescript/core/posix"
	"avescript/lualib/bind"
)

// PosixModule is ave.posix: bare processes and file descriptors.
var PosixModule = bind.Module{
	Name: "ave.posix",
	Funcs: []bind.Fn{
		bind.Func("cloexec", "fd, on?", posixCloexec),
		bind.Func("close", "fd", posixClose),
		bind.Func("dup", "fd", posixDup),
		bind.Func("dup2", "fd, to", posixDup2),
		bind.Func("geteuid", "", func(c *bind.Call) error { return c.Return(os.Geteuid()) }),
		bind.Func("getgid", "", func(c *bind.Call) error { return c.Return(os.Getgid()) }),
		bind.Func("getpid", "", func(c *bind.Call) error { return c.Return(os.Getpid()) }),
		bind.Func("getppid", "", func(c *bind.Call) error { return c.Return(os.Getppid()) }),
		bind.Func("getuid", "", func(c *bind.Call) error { return c.Return(os.Getuid()) }),
		bind.Func("isatty", "fd", posixIsatty),
		bind.Func("kill", "pid, signal", posixKill),
		bind.Func("nonblock", "fd, on?", posixNonblock),
		bind.Func("open", "path, mode?, permissions?", posixOpen),
		bind.Func("pipe", "", posixPipe),
		bind.Func("poll", "fds, timeout?", posixPoll),
		bind.Func("read", "fd, n, timeout?", posixRead),
		bind.Func("uname", "", posixUname),
		bind.Func("wait", "pid, timeout?", posixWait),
		bind.Func("winsize", "fd, size?", posixWinsize),
		bind.Func("write", "fd, data, timeout?", posixWrite),
	},
}

// about adds to an error of the system what was attempted.
func about(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return exceptions.OfSystem(fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), err))
}

// maxRead limits one read, and so the memory that is allocated for it.
const maxRead = 1 << 20

func posixRead(c *bind.Call) error {
	var fd bind.Descriptor
	var most int
	var limit bind.Seconds
	if err := c.Args(&fd, &most, &limit); err != nil {
		return err
	}
	if most < 1 {
		return exceptions.TypeError.Newf("ave.posix.read: argument 'n': wanted a number of bytes, 1 or more, got %d", most)
	}
	buf := make([]byte, min(most, maxRead))
	var n int
	var err error
	c.Unlocked(func(ctx context.Context) { n, err = posix.Read(ctx, int(fd), buf, limit.Timeout()) })
	if err != nil {
		return exceptions.OfSystem(err)
	}
	return c.Return(buf[:n])
}

// posixWrite adds to an error how many bytes were written before it.
func posixWrite(c *bind.Call) error {
	var fd bind.Descriptor
	var data string
	var limit bind.Seconds
	if err := c.Args(&fd, &data, &limit); err != nil {
		return err
	}
	var n int
	var err error
	c.Unlocked(func(ctx context.Context) { n, err = posix.Write(ctx, int(fd), []byte(data), limit.Timeout()) })
	err = exceptions.OfSystem(err)
	var e *exceptions.Error
	if errors.As(err, &e) {
		if e.Details == nil {
			e.Details = map[string]any{}
		}
		e.Details["written"] = n
	}
	if err != nil {
		return err
	}
	return c.Return(n)
}

// pollRequests are descriptors, each alone or as {fd, events}.
type pollRequests []unix.PollFd

// pollEvents are the letters of events that can be requested.
var pollEvents = map[string]int16{"r": unix.POLLIN, "w": unix.POLLOUT, "rw": unix.POLLIN | unix.POLLOUT}

func (p *pollRequests) UnpackLua(L *lua.LState, v lua.LValue) error {
	const want = `a list of file descriptors, each alone or as {fd, "r"}, {fd, "w"} or {fd, "rw"}`
	list, ok := v.(*lua.LTable)
	if !ok {
		return bind.Wanted(want)
	}
	for i := 1; i <= list.Len(); i++ {
		entry, events := list.RawGetInt(i), int16(unix.POLLIN)
		number := entry
		if pair, ok := entry.(*lua.LTable); ok && pair.RawGetInt(1) != lua.LNil {
			number, events = pair.RawGetInt(1), pollEvents[pair.RawGetInt(2).String()]
		}
		var fd bind.Descriptor
		if err := bind.Unpack(L, number, &fd); err != nil || events == 0 {
			return fmt.Errorf("%w at index %d", bind.Mismatch(want, entry), i)
		}
		*p = append(*p, unix.PollFd{Fd: int32(fd), Events: events})
	}
	return nil
}

// posixPoll returns the events by descriptor, for descriptors that have any.
func posixPoll(c *bind.Call) error {
	var fds pollRequests
	var limit bind.Seconds
	if err := c.Args(&fds, &limit); err != nil {
		return err
	}
	var err error
	c.Unlocked(func(ctx context.Context) { _, err = posix.Poll(ctx, fds, limit.Timeout()) })
	if err != nil {
		return exceptions.OfSystem(err)
	}
	ready := c.L.NewTable()
	for _, fd := range fds {
		if fd.Revents != 0 {
			before, _ := ready.RawGetInt(int(fd.Fd)).(lua.LString)
			ready.RawSetInt(int(fd.Fd), before+lua.LString(seen(fd.Revents)))
		}
	}
	return c.Return(ready)
}

// seen returns the letters of events.
func seen(events int16) string {
	var letters strings.Builder
	for _, e := range []struct {
		event  int16
		letter byte
	}{{unix.POLLIN, 'r'}, {unix.POLLOUT, 'w'}, {unix.POLLHUP, 'h'}, {unix.POLLERR, 'e'}, {unix.POLLNVAL, 'n'}} {
		if events&e.event != 0 {
			letters.WriteByte(e.letter)
		}
	}
	return letters.String()
}

func posixWait(c *bind.Call) error {
	var pid, status int
	var limit bind.Seconds
	if err := c.Args(&pid, &limit); err != nil {
		return err
	}
	var err error
	c.Unlocked(func(ctx context.Context) { status, err = cmd.Wait(ctx, pid, limit.Timeout()) })
	if err != nil {
		return exceptions.OfSystem(err)
	}
	return c.Return(status)
}

func posixKill(c *bind.Call) error {
	var pid int
	var signal bind.Signal
	if err := c.Args(&pid, &signal); err != nil {
		return err
	}
	return about(syscall.Kill(pid, syscall.Signal(signal)), "send signal %d to process %d", signal, pid)
}

func posixUname(c *bind.Call) error {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return about(err, "uname")
	}
	result := c.L.NewTable()
	for name, field := range map[string][]byte{
		"sysname": u.Sysname[:], "nodename": u.Nodename[:], "release": u.Release[:], "version": u.Version[:], "machine": u.Machine[:],
	} {
		result.RawSetString(name, lua.LString(unix.ByteSliceToString(field)))
	}
	return c.Return(result)
}
