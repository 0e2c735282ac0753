package vm

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/suggest"
)

// This file adds a hint to the errors for names that do not exist: a similar one that
// exists.

// mostNames limits the entries of a table that are examined.
const mostNames = 1000

// hintFor is what the main loop adds to the message about a name that is nil in a
// value; "" if there is nothing to suggest.
func hintFor(L *lua.LState, in lua.LValue, name string) string {
	if in == nil || isHeld(in, name) {
		return ""
	}
	return suggest.Hint(name, fieldsOf(L, in))
}

// isHeld reports whether a table has a field after all: then the value that was nil
// came from somewhere else, as after "a and b or c", where two instructions make one
// value.
func isHeld(in lua.LValue, name string) bool {
	t, ok := in.(*lua.LTable)
	return ok && t.RawGetString(name) != lua.LNil
}

// fieldsOf lists the fields of a value: its own, those of its class and the classes
// above, and those that the metamethod __names lists, for tables that are filled on
// use.
func fieldsOf(L *lua.LState, v lua.LValue) (names []string) {
	const deepest = 20
	add := func(t *lua.LTable) {
		for key, _ := t.Next(lua.LNil); key != lua.LNil && len(names) < mostNames; key, _ = t.Next(key) {
			if name, ok := key.(lua.LString); ok && !strings.HasPrefix(string(name), "__") {
				names = append(names, string(name))
			}
		}
	}
	for range deepest {
		if t, ok := v.(*lua.LTable); ok {
			add(t)
		}
		meta, ok := L.GetMetatable(v).(*lua.LTable)
		if !ok {
			return names
		}
		if listed, ok := meta.RawGetString("__names").(*lua.LTable); ok {
			add(listed)
		}
		next := lua.LValue(meta) // a class whose __index is a function
		if index, ok := meta.RawGetString("__index").(*lua.LTable); ok {
			next = index
		}
		if next == v {
			return names
		}
		v = next
	}
	return names
}
