package lualib

import (
	"fmt"
	"io"
	"math"
	"strings"
	"syscall"
	"time"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"avescript/core/cmd"
	"avescript/core/process"
	"avescript/core/pty"
	"avescript/lualib/bind"
	"avescript/lualib/stdlib"
)

// The arguments and options that functions have which start a command.

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
			return fmt.Errorf("wanted names without = and values without zero bytes, got %q = %q", name, value)
		}
		*e = append(*e, name+"="+value)
	}
	return nil
}

// outputFile is a file object of the io library that is open.
type outputFile struct{ io.Writer }

func (f *outputFile) UnpackLua(L *lua.LState, v lua.LValue) error {
	w, ok := stdlib.Writer(v)
	if !ok {
		return bind.Wanted("a file that is open for writing")
	}
	f.Writer = w
	return nil
}

// terminalSize is a table with cols and rows, of which either may be left out.
type terminalSize pty.Size

func (s *terminalSize) UnpackLua(L *lua.LState, v lua.LValue) error {
	given := struct {
		Cols int `lua:"cols"`
		Rows int `lua:"rows"`
	}{pty.DefaultSize.Cols, pty.DefaultSize.Rows}
	if err := bind.Unpack(L, v, &given); err != nil {
		return err
	}
	if min(given.Cols, given.Rows) < 1 || max(given.Cols, given.Rows) > math.MaxUint16 {
		return fmt.Errorf("wanted 1 to %d cols and rows, got %d and %d", math.MaxUint16, given.Cols, given.Rows)
	}
	*s = terminalSize{given.Cols, given.Rows}
	return nil
}

// typedInput is text to be typed; it may be empty.
type typedInput struct{ text *string }

func (i *typedInput) UnpackLua(L *lua.LState, v lua.LValue) error {
	var text string
	if err := bind.Unpack(L, v, &text); err != nil {
		return err
	}
	i.text = &text
	return nil
}

// keptBytes is cmd.Options.Keep.
type keptBytes int

func (k *keptBytes) UnpackLua(_ *lua.LState, v lua.LValue) error {
	n, ok := v.(lua.LNumber)
	switch bytes := float64(n); {
	case !ok, bytes < 0, bytes != math.Trunc(bytes): // true of no infinity
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

// signalNumber is a signal by its name, with or without SIG, or its number.
type signalNumber syscall.Signal

// lastSignal is the highest real-time signal.
const lastSignal = 64

func (s *signalNumber) UnpackLua(_ *lua.LState, v lua.LValue) error {
	switch v := v.(type) {
	case lua.LNumber:
		if n := float64(v); n == math.Trunc(n) && 0 <= n && n <= lastSignal {
			*s = signalNumber(n)
			return nil
		}
	case lua.LString:
		if n := unix.SignalNum("SIG" + strings.TrimPrefix(string(v), "SIG")); n != 0 {
			*s = signalNumber(n)
			return nil
		}
	}
	return bind.Wanted(`the name of a signal, such as "TERM", or its number`)
}

// ladder is a list of {signal, seconds}.
type ladder []process.Step

func (l *ladder) UnpackLua(L *lua.LState, v lua.LValue) error {
	const want = `a list of {signal, seconds}, such as { { "HUP", 0.1 }, { "TERM", 2 } }`
	steps, ok := v.(*lua.LTable)
	if !ok {
		return bind.Wanted(want)
	}
	*l = ladder{} // an empty one has SIGKILL alone
	for i := 1; i <= steps.Len(); i++ {
		step, ok := steps.RawGetInt(i).(*lua.LTable)
		if !ok {
			return bind.Wanted(want)
		}
		var signal signalNumber
		var grace bind.Seconds
		first, second := step.RawGetInt(1), step.RawGetInt(2)
		if err := bind.Unpack(L, first, &signal); err != nil || signal == 0 {
			return fmt.Errorf("step %d: %w", i, bind.Mismatch("a signal", first))
		}
		if err := bind.Unpack(L, second, &grace); err != nil || grace.Or(-1) < 0 {
			return fmt.Errorf("step %d: %w", i, bind.Mismatch("a number of seconds that come to an end", second))
		}
		*l = append(*l, process.Step{Signal: syscall.Signal(signal), Grace: grace.Or(0)})
	}
	return nil
}

// hangUp is the ladder of a tree that may take some time for a hang-up.
func hangUp(grace time.Duration) []process.Step {
	return []process.Step{{Signal: syscall.SIGHUP, Grace: grace}}
}
