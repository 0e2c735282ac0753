package vm

import (
	"errors"
	"reflect"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/stdlib"
)

// openDebug makes the debug library. gopher-lua's stops at the first protected call.
func (vm *VM) openDebug() {
	debug := vm.main.NewTable()
	for name, fn := range map[string]lua.LGFunction{
		"debug":        debugDebug,
		"getfenv":      debugGetfenv,
		"gethook":      debugGethook,
		"getinfo":      debugGetinfo,
		"getlocal":     debugGetlocal,
		"getmetatable": debugGetmetatable,
		"getregistry":  debugGetregistry,
		"getupvalue":   debugGetupvalue,
		"setfenv":      debugSetfenv,
		"sethook":      debugSethook,
		"setlocal":     debugSetlocal,
		"setmetatable": debugSetmetatable,
		"setupvalue":   debugSetupvalue,
		"traceback":    debugTraceback,
	} {
		debug.RawSetString(name, vm.main.NewFunction(fn))
	}
	vm.replaceModule("debug", debug)
}

// Traceback returns the stack in the form of debug.traceback.
func Traceback(frames []Frame) string {
	var b strings.Builder
	b.WriteString("stack traceback:")
	const head, tail = 12, 10
	for i, f := range frames {
		if i == head && len(frames) > head+tail {
			b.WriteString("\n\t...")
		}
		if i >= head && i < len(frames)-tail {
			continue
		}
		b.WriteString("\n\t" + f.String())
		if f.Tail {
			b.WriteString("\n\t(tail call): ?")
		}
	}
	return b.String()
}

// debugTraceback is debug.traceback([thread,] [message [, level]]).
func debugTraceback(L *lua.LState) int {
	t, first := target(L)
	value := L.Get(first)
	text, isText := message(value)
	if first <= L.GetTop() && !isText {
		L.Push(value)
		return 1
	}
	level := 1
	if first == 2 {
		level = 0
	}
	if n, ok := L.Get(first + 1).(lua.LNumber); ok {
		level = int(n)
	}
	if isText {
		text += "\n"
	}
	L.Push(lua.LString(text + "stack traceback:" + traceback(t, max(level, 0))))
	return 1
}

// traceback returns the calls from a level on as Lua 5.1 writes them. Functions in Go
// count as functions in C.
func traceback(t *thread, level int) string {
	var lines []string
	if t != nil {
		for a := range t.activations() {
			lines = append(lines, a.describe(t.vm).inTraceback())
			for range a.tail() {
				lines = append(lines, "(tail call): ?")
			}
		}
		if t.co == nil {
			lines = append(lines, "[C]: ?") // what has called the script
		}
	}
	var b strings.Builder
	for _, line := range shortened(lines, level) {
		b.WriteString("\n\t" + line)
	}
	return b.String()
}

// shortened returns the lines from a level on, without some in the middle if there are
// many: it shows the levels below 12, and the last 10.
func shortened(lines []string, level int) []string {
	const head, tail = 12, 10
	level = min(level, len(lines))
	if end := max(head, level); len(lines) > end+1+tail {
		return slices.Concat(lines[level:end], []string{"..."}, lines[len(lines)-tail:])
	}
	return lines[level:]
}

func (f Frame) inTraceback() string {
	switch {
	case f.Source != "":
		return f.String()
	case f.Name == "":
		return "[C]: ?"
	}
	return "[C]: in function '" + f.Name + "'"
}

// target returns the thread that a debug function is asked about (its caller's,
// unless the first argument is a coroutine), and the index of its other arguments.
// A coroutine that has not started, or has returned, has no thread.
func target(L *lua.LState) (t *thread, first int) {
	handle, ok := L.Get(1).(*lua.LState)
	if !ok {
		return threadOf(L), 1
	}
	co := handle.Context().(*coroutine)
	if co.thread == nil {
		return nil, 2
	}
	return co.innermost(), 2
}

// innermost returns the thread of the coroutine that executed last: it may have
// yielded inside protected calls.
func (co *coroutine) innermost() *thread {
	if co.top != nil {
		return co.top
	}
	return co.thread
}

// debugGetregistry is debug.getregistry().
func debugGetregistry(L *lua.LState) int {
	L.Push(L.Get(lua.RegistryIndex))
	return 1
}

// debugGetmetatable is debug.getmetatable(value): __metatable does not matter.
func debugGetmetatable(L *lua.LState) int {
	checkAny(L, 1, "getmetatable")
	L.Push(metatableOf(L, L.Get(1)))
	return 1
}

// metatableOf returns the metatable of a value, or nil, without asking __metatable.
func metatableOf(L *lua.LState, v lua.LValue) lua.LValue {
	switch v := v.(type) {
	case *lua.LTable:
		return v.Metatable
	case *lua.LUserData:
		return v.Metatable
	}
	field := reflect.ValueOf(L.G).Elem().FieldByName("builtinMts") // gopher-lua has no function for it
	all := *(*map[int]lua.LValue)(field.Addr().UnsafePointer())
	if meta, ok := all[int(v.Type())]; ok {
		return meta
	}
	return lua.LNil
}

// debugSetmetatable is debug.setmetatable(value, table or nil).
func debugSetmetatable(L *lua.LState) int {
	if _, isTable := L.Get(2).(*lua.LTable); !isTable && (L.Get(2) != lua.LNil || L.GetTop() < 2) {
		badArgument(L, 2, "setmetatable", "nil or table expected")
	}
	L.SetMetatable(L.Get(1), L.Get(2))
	L.Push(lua.LTrue)
	return 1
}

// debugDebug is debug.debug(): it reads lines and runs them, until one is "cont".
func debugDebug(L *lua.LState) int {
	for {
		line, ok := stdlib.Ask(L, "lua_debug> ")
		if !ok || line == "cont" {
			return 0
		}
		fn, err := loadNamed(L, line, "=(debug command)")
		if err == nil {
			t := threadOf(L).callee()
			if f := t.try(func() { t.call(fn, L, L.GetTop()+1) }, nil); f != nil {
				err = errors.New(f.value.String())
			} else {
				t.vm.release(t)
			}
		}
		if err != nil {
			stdlib.Complain(L, err.Error()+"\n")
		}
	}
}
