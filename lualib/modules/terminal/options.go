package terminal

import (
	"fmt"
	"io"
	"math"
	"strings"
	"syscall"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/cmd"
	"avescript/core/process"
	"avescript/lualib/bind"
	"avescript/lualib/stdlib"
	"avescript/lualib/vm"
)

// The arguments and options of the functions that start a command. The options are
// those of the packages cmd, pty and terminal; here they get their names in Lua. A
// type here says how a value is read that has another form in Lua than in Go.

// command is a list of words, or a string that is split at white space.
type command []string

func (c *command) UnpackLua(L *lua.LState, v lua.LValue) error {
	const want = "a string or a list of strings"
	switch v := v.(type) {
	case lua.LString:
		*c = cmd.Split(string(v))
		return nil
	case *lua.LTable:
		for i := 1; i <= v.Len(); i++ {
			switch word := v.RawGetInt(i).(type) {
			case lua.LString, lua.LNumber:
				*c = append(*c, word.String())
			default:
				return fmt.Errorf("%w at index %d", bind.Mismatch(want, word), i)
			}
		}
		if key, _ := v.Next(lua.LNil); len(*c) == 0 && key != lua.LNil {
			return fmt.Errorf("wanted %s, got a table with the key '%v'; options go into a second table", want, key)
		}
		return nil
	}
	return bind.Wanted(want)
}

// environment is a table of settings.
type environment []string

func (e *environment) UnpackLua(L *lua.LState, v lua.LValue) error {
	var settings map[string]string
	if err := bind.Unpack(L, v, &settings); err != nil {
		return err
	}
	for name, value := range settings {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.Contains(value, "\x00") {
			return fmt.Errorf("a name cannot contain = and a value cannot contain a zero byte, got %q = %q", name, value)
		}
		*e = append(*e, name+"="+value)
	}
	return nil
}

// outputFile is a file object of the io library that is open.
type outputFile struct{ into *io.Writer }

func (f outputFile) UnpackLua(_ *lua.LState, v lua.LValue) error {
	w, ok := stdlib.Writer(v)
	if !ok {
		return bind.Wanted("a file that is open for writing")
	}
	*f.into = w
	return nil
}

// debugOutput is stderr if the option is true.
type debugOutput struct{ into *io.Writer }

func (d debugOutput) UnpackLua(L *lua.LState, v lua.LValue) error {
	var on bool
	err := bind.Unpack(L, v, &on)
	if on {
		*d.into = vm.Of(L).Stderr()
	}
	return err
}

// typedInput is the text to type; it may be empty.
type typedInput struct{ into **string }

func (i typedInput) UnpackLua(L *lua.LState, v lua.LValue) error {
	*i.into = new(string)
	return bind.Unpack(L, v, *i.into)
}

// keptBytes is cmd.Options.Keep.
type keptBytes int

func (k *keptBytes) UnpackLua(_ *lua.LState, v lua.LValue) error {
	n, ok := v.(lua.LNumber)
	switch bytes := float64(n); {
	case !ok, bytes < 0, bytes != math.Trunc(bytes): // never true for infinity
		return bind.Wanted("a number of bytes")
	case bytes == 0:
		*k = cmd.KeepNone
	case bytes > 1<<53:
		*k = cmd.KeepAll
	default:
		*k = keptBytes(bytes)
	}
	return nil
}

// ladder is a list of {signal, seconds}.
type ladder []process.Step

func (l *ladder) UnpackLua(L *lua.LState, v lua.LValue) error {
	const want = `a list of {signal, seconds}, such as { { "HUP", 0.1 }, { "TERM", 2 } }`
	steps, ok := v.(*lua.LTable)
	if !ok {
		return bind.Wanted(want)
	}
	*l = ladder{} // an empty ladder only sends SIGKILL
	for i := 1; i <= steps.Len(); i++ {
		step, ok := steps.RawGetInt(i).(*lua.LTable)
		if !ok {
			return bind.Wanted(want)
		}
		var signal bind.Signal
		var grace bind.Seconds
		first, second := step.RawGetInt(1), step.RawGetInt(2)
		if err := bind.Unpack(L, first, &signal); err != nil || signal == 0 {
			return fmt.Errorf("step %d: %w", i, bind.Mismatch("a signal", first))
		}
		if err := bind.Unpack(L, second, &grace); err != nil || grace.Or(-1) < 0 {
			return fmt.Errorf("step %d: %w", i, bind.Mismatch("a finite number of seconds", second))
		}
		*l = append(*l, process.Step{Signal: syscall.Signal(signal), Grace: grace.Or(0)})
	}
	return nil
}

// hangUp returns the ladder that hangs up and then waits for grace.
func hangUp(grace time.Duration) []process.Step {
	return []process.Step{{Signal: syscall.SIGHUP, Grace: grace}}
}
