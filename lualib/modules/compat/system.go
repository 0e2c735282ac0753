package compat

import (
	"context"
	"crypto/rand"
	"math"
	"os"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"avescript/lualib/stdlib"
	"avescript/lualib/vm"
)

// openSystem makes system: what of luasystem is not about the settings of a terminal.
func openSystem(L *lua.LState) *lua.LTable {
	system := newTable(L, []function{
		{"getenv", systemGetenv},
		{"getenvs", systemGetenvs},
		{"gettime", func(a stdlib.Args) int { return a.Push(clock(unix.CLOCK_REALTIME)) }},
		{"isatty", termIsatty},
		{"monotime", func(a stdlib.Args) int { return a.Push(clock(unix.CLOCK_MONOTONIC)) }},
		{"random", systemRandom},
		{"setenv", systemSetenv},
		{"sleep", systemSleep},
		{"termsize", systemTermsize},
	})
	system.RawSetString("windows", lua.LFalse)
	setStrings(system, map[string]string{"_VERSION": "LuaSystem 0.4.5"})
	return system
}

func clock(id int32) lua.LNumber {
	var t unix.Timespec
	_ = unix.ClockGettime(id, &t) // fails only for a clock that there is not
	return lua.LNumber(float64(t.Sec) + float64(t.Nsec)/1e9)
}

func systemSleep(a stdlib.Args) int {
	pause(a.L, a.Number(1))
	return a.Push(lua.LTrue)
}

// pause lets other threads run for as many seconds.
func pause(L *lua.LState, seconds float64) {
	const most = float64(math.MaxInt64 / time.Second)
	if seconds <= 0 || seconds != seconds {
		return
	}
	length := time.Duration(min(seconds, most) * float64(time.Second))
	vm.Unlocked(L, func(ctx context.Context) {
		timer := time.NewTimer(length)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	})
}

func systemGetenv(a stdlib.Args) int {
	value, ok := os.LookupEnv(a.String(1))
	if !ok {
		return a.Push(lua.LNil)
	}
	return a.Push(lua.LString(value))
}

func systemGetenvs(a stdlib.Args) int {
	table := a.L.NewTable()
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		table.RawSetString(name, lua.LString(value))
	}
	return a.Push(table)
}

// systemSetenv is setenv(name [, value]); without a value it removes the variable. os.getenv
// and programs that are started see the change.
func systemSetenv(a stdlib.Args) int {
	name := a.String(1)
	var err error
	if a.Absent(2) {
		err = os.Unsetenv(name)
	} else {
		err = os.Setenv(name, a.String(2))
	}
	return a.Push(lua.LBool(err == nil))
}

func systemRandom(a stdlib.Args) int {
	const most = 1 << 26 // bytes; more are a mistake
	n := a.IntegerOr(1, 1)
	switch {
	case n < 0:
		return failed(a, "invalid number of bytes, must not be less than 0")
	case n > most:
		return failed(a, "failed to allocate memory for random buffer")
	}
	bytes := make([]byte, n)
	_, _ = rand.Read(bytes) // never fails
	return a.Push(lua.LString(bytes))
}

// systemTermsize returns the rows and columns of the terminal that standard output is.
func systemTermsize(a stdlib.Args) int {
	size, err := unix.IoctlGetWinsize(1, unix.TIOCGWINSZ)
	if err != nil {
		return a.PushDone(err, "Failed to get terminal size.")
	}
	return a.Push(lua.LNumber(size.Row), lua.LNumber(size.Col))
}
