package vm

import (
	lua "github.com/yuin/gopher-lua"
)

// This file has the functions for environments. Each coroutine has a table of globals,
// which the chunks get that it loads, and the coroutines that it makes; code outside of
// coroutines shares one.

func (vm *VM) openEnvironment() {
	for name, fn := range map[string]lua.LGFunction{
		"getfenv": luaGetfenv,
		"setfenv": luaSetfenv,
	} {
		vm.Globals().RawSetString(name, vm.main.NewFunction(fn))
	}
}

// globals returns the table of globals of the coroutine that runs in t.
func (t *thread) globals() *lua.LTable {
	if t.co != nil && t.co.handle != nil {
		return t.co.handle.Env
	}
	if t.vm.environment != nil {
		return t.vm.environment
	}
	return t.vm.Globals()
}

func (t *thread) setGlobals(env *lua.LTable) {
	if t.co == nil {
		t.vm.environment = env
	} else if t.co.handle != nil { // nil while an abandoned coroutine is unwound
		t.co.handle.Env = env
	}
}

// luaGetfenv is getfenv([function or level]).
func luaGetfenv(L *lua.LState) int {
	var fn *lua.LFunction
	if L.Get(1) == lua.LNil {
		fn = functionAt(L, 1, "getfenv")
	} else {
		fn = checkFunctionOrLevel(L, "getfenv")
	}
	if fn.Proto != nil {
		L.Push(fn.Env)
	} else {
		L.Push(threadOf(L).globals())
	}
	return 1
}

// luaSetfenv is setfenv(function or level, table).
func luaSetfenv(L *lua.LState) int {
	env := checkTable(L, 2, "setfenv")
	fn := checkFunctionOrLevel(L, "setfenv")
	if level, ok := levelArgument(L.Get(1)); ok && level == 0 {
		threadOf(L).setGlobals(env)
		return 0
	}
	if fn.Proto == nil {
		L.RaiseError("'setfenv' cannot change environment of given object")
	}
	fn.Env = env
	L.Push(fn)
	return 1
}

func checkFunctionOrLevel(L *lua.LState, name string) *lua.LFunction {
	if fn, ok := L.Get(1).(*lua.LFunction); ok {
		return fn
	}
	return functionAt(L, checkInt(L, 1, name), name)
}

// functionAt returns the function at a level; 0 is the running one.
func functionAt(L *lua.LState, level int, name string) *lua.LFunction {
	if level < 0 {
		badArgument(L, 1, name, "level must be non-negative")
	}
	var call infoOf
	if !call.find(threadOf(L), level) {
		badArgument(L, 1, name, "invalid level")
	}
	if call.fn == nil {
		L.RaiseError("no function environment for tail call at level %d", level)
	}
	return call.fn
}

// debugGetfenv is debug.getfenv(value).
func debugGetfenv(L *lua.LState) int {
	env := lua.LNil
	switch v := L.Get(1).(type) {
	case *lua.LFunction:
		env = orGlobals(L, v.Env)
	case *lua.LUserData:
		env = orGlobals(L, v.Env)
	case *lua.LState:
		env = orGlobals(L, v.Env)
	}
	L.Push(env)
	return 1
}

// orGlobals returns the table, or the globals for a value that Go has made without one.
func orGlobals(L *lua.LState, env *lua.LTable) *lua.LTable {
	if env == nil {
		return threadOf(L).vm.Globals()
	}
	return env
}

// debugSetfenv is debug.setfenv(value, table).
func debugSetfenv(L *lua.LState) int {
	env := checkTable(L, 2, "setfenv")
	switch v := L.Get(1).(type) {
	case *lua.LFunction:
		v.Env = env
	case *lua.LUserData:
		v.Env = env
	case *lua.LState:
		v.Env = env
	default:
		L.RaiseError("'setfenv' cannot change environment of given object")
	}
	L.Push(L.Get(1))
	return 1
}
