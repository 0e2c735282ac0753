package service

import (
	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bind"
)

// withDefaults replaces arguments that are nil by the defaults of their parameters.
// The first argument is self.
func withDefaults(fn lua.LValue, optional map[string]lua.LValue, args []lua.LValue) []lua.LValue {
	function, ok := fn.(*lua.LFunction)
	if !ok {
		return args
	}
	names, _ := parameters(function)
	for i, name := range names {
		value := optional[name]
		at := i + 1 // after self
		if value == nil || value == lua.LNil || at < len(args) && args[at] != lua.LNil {
			continue
		}
		for len(args) <= at {
			args = append(args, lua.LNil)
		}
		args[at] = ownCopy(value)
	}
	return args
}

// ownCopy returns a default that a call may change: tables are copied, with the
// tables in them. Objects with a Go part are not copied.
func ownCopy(v lua.LValue) lua.LValue { return copyInto(map[*lua.LTable]*lua.LTable{}, v) }

func copyInto(copies map[*lua.LTable]*lua.LTable, v lua.LValue) lua.LValue {
	t, ok := v.(*lua.LTable)
	if _, isObject := bind.Part[any](v); !ok || isObject {
		return v
	}
	if copied, ok := copies[t]; ok {
		return copied
	}
	copied := &lua.LTable{Metatable: t.Metatable}
	copies[t] = copied
	for key, value := t.Next(lua.LNil); key != lua.LNil; key, value = t.Next(key) {
		copied.RawSet(key, copyInto(copies, value))
	}
	return copied
}
