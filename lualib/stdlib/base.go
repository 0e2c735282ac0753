package stdlib

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// The basic functions.

func (lib *library) openBase(L *lua.LState) {
	globals := L.Get(lua.GlobalsIndex).(*lua.LTable)
	setFunctions(L, globals, []function{
		{"collectgarbage", lib.collectGarbage},
		{"gcinfo", baseGCInfo},
		{"getmetatable", baseGetMetatable},
		{"ipairs", newIpairs(L)},
		{"newproxy", lib.newProxy},
		{"next", baseNext},
		{"pairs", lib.pairs},
		{"print", lib.print},
		{"rawequal", baseRawEqual},
		{"rawget", baseRawGet},
		{"rawset", baseRawSet},
		{"select", baseSelect},
		{"setmetatable", lib.setMetatable},
		{"tonumber", baseToNumber},
		{"tostring", baseToString},
		{"type", baseType},
		{"unpack", baseUnpack},
	})
	lib.tostring = globals.RawGetString("tostring").(*lua.LFunction)
	lib.next = globals.RawGetString("next").(*lua.LFunction)

	for _, name := range []string{"_printregs", "_GOPHER_LUA_VERSION", "channel"} {
		globals.RawSetString(name, lua.LNil)
	}
	loaded := L.GetField(L.Get(lua.RegistryIndex), "_LOADED").(*lua.LTable)
	loaded.RawSetString("channel", lua.LNil)
}

func baseGetMetatable(a args) int {
	a.L.Push(a.L.GetMetatable(a.any(1)))
	return 1
}

func (lib *library) setMetatable(a args) int {
	t := a.table(1)
	meta := a.L.Get(2)
	if _, isTable := meta.(*lua.LTable); !isTable && (meta != lua.LNil || a.top() < 2) {
		a.reject(2, "nil or table expected")
	}
	if a.L.GetMetaField(t, "__metatable") != lua.LNil {
		a.fail("cannot change a protected metatable")
	}
	a.L.SetMetatable(t, meta)
	lib.addWeak(t, meta)
	a.L.Push(t)
	return 1
}

func newIpairs(L *lua.LState) func(args) int {
	step := function{"ipairs", func(a args) int {
		t, i := a.table(1), a.integer(2)+1
		value := rawGet(t, i)
		if value == lua.LNil {
			return 0
		}
		a.L.Push(lua.LNumber(i))
		a.L.Push(value)
		return 2
	}}.bind(L)
	return func(a args) int {
		t := a.table(1)
		a.L.Push(step)
		a.L.Push(t)
		a.L.Push(lua.LNumber(0))
		return 3
	}
}

// Hidden is a key that scripts never see: next, pairs and table.foreach skip it. Go
// stores its own values under it.
var Hidden lua.LValue = &lua.LUserData{}

// next returns the entry of t after key that scripts may see.
func next(t *lua.LTable, key lua.LValue) (lua.LValue, lua.LValue) {
	key, value := t.Next(partsOf(t).nearest(key))
	if key == Hidden {
		key, value = t.Next(key)
	}
	return key, value
}

func baseNext(a args) int {
	t, from := a.table(1), a.L.Get(2)
	key, value := next(t, from)
	// From a key that the table has never had, gopher-lua goes on behind the first one.
	if parts := partsOf(t); from != lua.LNil && (key == lua.LNil || len(parts.keys) > 1 && key == parts.keys[1]) && !parts.knows(from) {
		a.L.Error(lua.LString("invalid key to 'next'"), 0)
	}
	a.L.Push(key)
	if key == lua.LNil {
		return 1
	}
	a.L.Push(value)
	return 2
}

func (lib *library) pairs(a args) int {
	if meta := a.L.GetMetaField(a.L.Get(1), "__pairs"); meta != lua.LNil {
		a.L.Push(meta)
		a.L.Push(a.L.Get(1))
		a.L.Call(1, 3)
		return 3
	}
	t := a.table(1)
	a.L.Push(lib.next)
	a.L.Push(t)
	a.L.Push(lua.LNil)
	return 3
}

// print calls the global tostring, as the reference does, and writes its line in
// one piece.
func (lib *library) print(a args) int {
	var line strings.Builder
	tostring := a.L.GetGlobal("tostring")
	for i := 1; i <= a.top(); i++ {
		if i > 1 {
			line.WriteByte('\t')
		}
		value := a.L.Get(i)
		if tostring == lib.tostring {
			value = toStringMeta(a.L, value)
		} else {
			a.L.Push(tostring)
			a.L.Push(value)
			a.L.Call(1, 1)
			value = a.L.Get(-1)
			a.L.Pop(1)
		}
		text, ok := toString(value)
		if !ok {
			a.fail("'tostring' must return a string to 'print'")
		}
		line.WriteString(text)
	}
	line.WriteByte('\n')
	f := lib.stdout.Value.(*file)
	// The reference ignores an error here too.
	_ = f.do(a.L, func() error { return f.write(line.String()) })
	return 0
}

func baseToString(a args) int {
	a.L.Push(toStringMeta(a.L, a.any(1)))
	return 1
}

// toStringMeta returns the result of a value's __tostring, which need not be a
// string, or else its text.
func toStringMeta(L *lua.LState, value lua.LValue) lua.LValue {
	if text, ok := toString(value); ok {
		return lua.LString(text)
	}
	meta := L.GetMetaField(value, "__tostring")
	if meta == lua.LNil {
		return lua.LString(value.String())
	}
	L.Push(meta)
	L.Push(value)
	L.Call(1, 1)
	result := L.Get(-1)
	L.Pop(1)
	return result
}

func baseToNumber(a args) int {
	base := a.integerOr(2, 10)
	var x float64
	var ok bool
	if base == 10 {
		x, ok = toNumber(a.any(1))
	} else {
		s := a.string(1)
		if base < 2 || base > 36 {
			a.reject(2, "base out of range")
		}
		x, ok = parseBase(s, base)
	}
	if !ok {
		a.L.Push(lua.LNil)
		return 1
	}
	return a.pushNumber(x)
}

func baseType(a args) int { return a.pushString(a.any(1).Type().String()) }

func baseRawEqual(a args) int {
	return a.pushBool(a.L.RawEqual(a.any(1), a.any(2)))
}

func baseRawGet(a args) int {
	t := a.table(1)
	a.L.Push(t.RawGet(a.any(2)))
	return 1
}

func baseRawSet(a args) int {
	t := a.table(1)
	a.L.RawSet(t, a.any(2), a.any(3))
	a.L.Push(t)
	return 1
}

func baseSelect(a args) int {
	top := a.top()
	if a.L.Get(1) == lua.LString("#") {
		return a.pushNumber(float64(top - 1))
	}
	n := a.integer(1)
	if n < 0 {
		n += top
	}
	if n < 1 {
		a.reject(1, "index out of range")
	}
	return max(top-n, 0)
}
