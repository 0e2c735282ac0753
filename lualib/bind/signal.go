package bind

import (
	"math"
	"strings"
	"syscall"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"
)

// Signal is a signal, given by its name, with or without SIG, or by its number.
type Signal syscall.Signal

// lastSignal is the highest real-time signal.
const lastSignal = 64

func (s *Signal) UnpackLua(_ *lua.LState, v lua.LValue) error {
	switch v := v.(type) {
	case lua.LNumber:
		if n := float64(v); n == math.Trunc(n) && 0 <= n && n <= lastSignal {
			*s = Signal(n)
			return nil
		}
	case lua.LString:
		if n := unix.SignalNum("SIG" + strings.TrimPrefix(string(v), "SIG")); n != 0 {
			*s = Signal(n)
			return nil
		}
	}
	return Wanted(`the name of a signal, such as "TERM", or its number`)
}
