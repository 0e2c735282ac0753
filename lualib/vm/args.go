package vm

import (
	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/number"
)

// The arguments of the library functions in this package, with Lua 5.1's errors.

func badArgument(L *lua.LState, n int, name, problem string) {
	L.RaiseError("bad argument #%d to '%s' (%s)", n, name, problem)
}

func badType(L *lua.LState, n int, name, wanted string) {
	got := "no value"
	if n <= L.GetTop() {
		got = L.Get(n).Type().String()
	}
	badArgument(L, n, name, wanted+" expected, got "+got)
}

// checkInt returns argument n as an integer.
func checkInt(L *lua.LState, n int, name string) int {
	level, ok := levelArgument(L.Get(n))
	if !ok {
		badType(L, n, name, "number")
	}
	return level
}

func checkFunction(L *lua.LState, n int, name string) *lua.LFunction {
	fn, ok := L.Get(n).(*lua.LFunction)
	if !ok {
		badType(L, n, name, "function")
	}
	return fn
}

func checkTable(L *lua.LState, n int, name string) *lua.LTable {
	t, ok := L.Get(n).(*lua.LTable)
	if !ok {
		badType(L, n, name, "table")
	}
	return t
}

func checkString(L *lua.LState, n int, name string) string {
	s, ok := message(L.Get(n))
	if !ok {
		badType(L, n, name, "string")
	}
	return s
}

func checkAny(L *lua.LState, n int, name string) {
	if n > L.GetTop() {
		badArgument(L, n, name, "value expected")
	}
}

// optString returns argument n, which is a string, a number or absent.
func optString(L *lua.LState, n int, name, absent string) string {
	if L.Get(n) == lua.LNil {
		return absent
	}
	return checkString(L, n, name)
}

// levelArgument returns an integer: a number, or a string that is one.
func levelArgument(v lua.LValue) (int, bool) {
	var x float64
	switch v := v.(type) {
	case lua.LNumber:
		x = float64(v)
	case lua.LString:
		var ok bool
		if x, ok = number.Parse(string(v)); !ok {
			return 0, false
		}
	default:
		return 0, false
	}
	const most = 1 << 31 // far beyond any level or index, and no overflow in sums
	return int(max(min(x, most), -most)), true
}
