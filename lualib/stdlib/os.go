package stdlib

import (
	"context"
	"os"
	"slices"
	"syscall"
	"time"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"
)

// The os library, except date and time. os.setenv is gopher-lua's.

func (lib *library) openOS(L *lua.LState) {
	setFunctions(L, L.GetGlobal("os").(*lua.LTable), []function{
		{"clock", osClock},
		{"date", osDate},
		{"difftime", osDifftime},
		{"execute", lib.osExecute},
		{"exit", lib.osExit},
		{"getenv", osGetenv},
		{"remove", osRemove},
		{"rename", osRename},
		{"setlocale", osSetlocale},
		{"time", osTime},
		{"tmpname", lib.osTmpname},
	})
}

func osClock(a args) int {
	var spent unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &spent); err != nil {
		return a.pushNumber(-1)
	}
	return a.pushNumber(time.Duration(spent.Nano()).Seconds())
}

func osDifftime(a args) int {
	return a.pushNumber(float64(a.integer(1) - a.integerOr(2, 0)))
}

// osExecute returns the status of wait, as system does: 256 times the exit status,
// or the number of the signal.
func (lib *library) osExecute(a args) int {
	if a.absent(1) {
		return a.pushNumber(1)
	}
	cmd := lib.shell(a.string(1))
	lib.flush(a.L)
	lib.host.Unlocked(a.L, func(ctx context.Context) {
		if lib.host.Start(cmd.Start) == nil {
			defer context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })()
			defer lib.host.Own(cmd.Process.Pid)()
			lib.host.Await(cmd.Process.Pid)
			_ = cmd.Wait() // how the command ended is in its state
		}
	})
	if cmd.ProcessState == nil {
		return a.pushNumber(-1)
	}
	return a.pushNumber(float64(cmd.ProcessState.Sys().(syscall.WaitStatus)))
}

func (lib *library) osExit(a args) int {
	code := a.integerOr(1, 0)
	lib.end(a.L, true)
	lib.host.Exit(code)
	return 0
}

func osGetenv(a args) int {
	value, ok := os.LookupEnv(a.string(1))
	if !ok {
		a.L.Push(lua.LNil)
		return 1
	}
	return a.pushString(value)
}

func osRemove(a args) int {
	name := a.string(1)
	err := unix.Unlink(name)
	if err == unix.EISDIR {
		err = unix.Rmdir(name)
	}
	return a.pushDone(err, name)
}

func osRename(a args) int {
	from, to := a.string(1), a.string(2)
	return a.pushDone(unix.Rename(from, to), from)
}

// osSetlocale only knows the C locale: nothing in this library depends on a locale.
func osSetlocale(a args) int {
	name := a.stringOr(1, "C")
	a.option(2, "all", "all", "collate", "ctype", "monetary", "numeric", "time")
	if !slices.Contains([]string{"", "C", "POSIX"}, name) {
		a.L.Push(lua.LNil)
		return 1
	}
	return a.pushString("C")
}

// osTmpname makes the file, in TMPDIR as io.tmpfile does.
func (lib *library) osTmpname(a args) int {
	created, err := os.CreateTemp("", "lua_")
	if err != nil {
		a.fail("unable to generate a unique filename")
	}
	lib.tellOpened(a.L, created)
	created.Close()
	return a.pushString(created.Name())
}
