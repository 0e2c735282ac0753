package vm

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// This file has require, and what the package library has besides the loaders for files.

// loading is in package.loaded while a module is being loaded.
var loading lua.LValue = &lua.LUserData{}

// luaRequire is require(name).
func luaRequire(L *lua.LState) int {
	name := checkString(L, 1, "require")
	vm := Of(L)
	all := vm.Loaded()
	value := L.GetField(all, name)
	if lua.LVAsBool(value) {
		if value == loading {
			L.RaiseError("loop or previous error loading module '%s'", name)
		}
		L.Push(value)
		return 1
	}
	loader := vm.loaderOf(L, name)
	L.SetField(all, name, loading)
	L.Push(loader)
	L.Push(lua.LString(name))
	L.Call(1, 1)
	if result := L.Get(-1); result != lua.LNil {
		L.SetField(all, name, result)
	}
	value = L.GetField(all, name)
	if value == loading { // the module returned nothing, and set nothing
		value = lua.LTrue
		L.SetField(all, name, value)
	}
	L.Push(value)
	return 1
}

// loaderOf asks package.loaders for the function that loads a module.
func (vm *VM) loaderOf(L *lua.LState, name string) lua.LValue {
	loaders, ok := vm.packageTable().RawGetString("loaders").(*lua.LTable)
	if !ok {
		L.RaiseError("'package.loaders' must be a table")
	}
	var tried strings.Builder
	for i := 1; ; i++ {
		search := loaders.RawGetInt(i)
		if search == lua.LNil {
			L.RaiseError("module '%s' not found:%s", name, tried.String())
		}
		L.Push(search)
		L.Push(lua.LString(name))
		L.Call(1, 1)
		result := L.Get(-1)
		L.Pop(1)
		if fn, ok := result.(*lua.LFunction); ok {
			return fn
		}
		if text, ok := message(result); ok {
			tried.WriteString(text)
		}
	}
}

// searchPreload is the loader that searches package.preload.
func searchPreload(L *lua.LState) int {
	name := checkString(L, 1, "require")
	preload, ok := Of(L).packageTable().RawGetString("preload").(*lua.LTable)
	if !ok {
		L.RaiseError("'package.preload' must be a table")
	}
	loader := L.GetField(preload, name)
	if loader == lua.LNil {
		loader = lua.LString("\n\tno field package.preload['" + name + "']")
	}
	L.Push(loader)
	return 1
}

// packageLoadlib is package.loadlib(path, function): libraries in C cannot be loaded.
func packageLoadlib(L *lua.LState) int {
	path := checkString(L, 1, "loadlib")
	checkString(L, 2, "loadlib")
	L.Push(lua.LNil)
	L.Push(lua.LString(path + ": cannot load a library in C: avescript runs modules that are written in Lua"))
	L.Push(lua.LString("absent"))
	return 3
}

// packageSeeall is package.seeall(module): what the module does not have is looked up in
// the globals.
func packageSeeall(L *lua.LState) int {
	module := checkTable(L, 1, "seeall")
	meta, ok := module.Metatable.(*lua.LTable)
	if !ok {
		meta = L.NewTable()
		L.SetMetatable(module, meta)
	}
	meta.RawSetString("__index", threadOf(L).globals())
	return 0
}
