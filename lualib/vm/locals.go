package vm

import (
	lua "github.com/yuin/gopher-lua"
)

// This file has the functions of the debug library for local variables and upvalues.

// debugGetlocal is debug.getlocal([thread,] level, index).
func debugGetlocal(L *lua.LState) int {
	t, first := target(L)
	a := checkLevel(L, t, first, "getlocal")
	name, value := a.local(checkInt(L, first+1, "getlocal"))
	if name == "" {
		L.Push(lua.LNil)
		return 1
	}
	L.Push(lua.LString(name))
	L.Push(value)
	return 2
}

// debugSetlocal is debug.setlocal([thread,] level, index, value).
func debugSetlocal(L *lua.LState) int {
	t, first := target(L)
	a := checkLevel(L, t, first, "setlocal")
	checkAny(L, first+2, "setlocal")
	n := checkInt(L, first+1, "setlocal")
	name, _ := a.local(n)
	if name == "" {
		L.Push(lua.LNil)
		return 1
	}
	a.L.SetLocal(a.dbg, n, L.Get(first+2))
	L.Push(lua.LString(name))
	return 1
}

// local returns the name and value of the nth local variable of a call, counted from 1.
// Behind the variables come the values that the call computes with; their name is
// "(*temporary)". The name is "" if there is no such value.
func (a activation) local(n int) (name string, value lua.LValue) {
	if n <= 0 || a.L == nil {
		return "", lua.LNil
	}
	name, value = a.L.GetLocal(a.dbg, n)
	if value == nil { // the register has not been used
		value = lua.LNil
	}
	return name, value
}

// debugGetupvalue is debug.getupvalue(function, index).
func debugGetupvalue(L *lua.LState) int {
	n := checkInt(L, 2, "getupvalue")
	name, value := L.GetUpvalue(checkFunction(L, 1, "getupvalue"), n)
	if name == "" {
		return 0
	}
	L.Push(lua.LString(name))
	L.Push(value)
	return 2
}

// debugSetupvalue is debug.setupvalue(function, index, value).
func debugSetupvalue(L *lua.LState) int {
	checkAny(L, 3, "setupvalue")
	n := checkInt(L, 2, "setupvalue")
	name := L.SetUpvalue(checkFunction(L, 1, "setupvalue"), n, L.Get(3))
	if name == "" {
		return 0
	}
	L.Push(lua.LString(name))
	return 1
}

// checkLevel returns the call at a level. A call that was replaced by a tail call has no
// variables: it is the zero activation.
func checkLevel(L *lua.LState, t *thread, arg int, name string) activation {
	level := checkInt(L, arg, name)
	if call := (infoOf{}); call.find(t, level) {
		if call.fn == nil {
			return activation{}
		}
		if a, ok := t.at(level); ok {
			return a
		}
	}
	badArgument(L, arg, name, "level out of range")
	return activation{}
}
