package vm

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// openDebug replaces the functions of the debug library that examine the stack:
// gopher-lua's stop at the first protected call.
func (vm *VM) openDebug() {
	debug := vm.Globals().RawGetString("debug").(*lua.LTable)
	for name, fn := range map[string]lua.LGFunction{
		"getinfo":   debugGetinfo,
		"getlocal":  debugGetlocal,
		"setlocal":  debugSetlocal,
		"traceback": debugTraceback,
	} {
		debug.RawSetString(name, vm.main.NewFunction(fn))
	}
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
	if value != lua.LNil && !isText {
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
	var frames []Frame
	if t != nil {
		frames = t.frames()
	}
	frames = frames[min(max(level, 0), len(frames)):]
	if isText {
		text += "\n"
	}
	L.Push(lua.LString(text + Traceback(frames)))
	return 1
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

// debugGetinfo is debug.getinfo([thread,] function or level [, what]).
func debugGetinfo(L *lua.LState) int {
	t, first := target(L)
	what := "nSluf"
	if s, ok := L.Get(first + 1).(lua.LString); ok {
		what = string(s)
	}
	for _, c := range what {
		if !strings.ContainsRune("nSluf", c) {
			L.RaiseError("bad argument #%d to 'getinfo' (invalid option)", first+1)
		}
	}
	info := L.NewTable()
	switch v := L.Get(first).(type) {
	case *lua.LFunction:
		var dbg lua.Debug
		if _, err := L.GetInfo(">"+what, &dbg, v); err != nil {
			L.RaiseError("%s", err)
		}
		describe(info, what, v, &dbg)
	case lua.LNumber:
		if t == nil {
			return 0
		}
		a, ok := t.at(int(v))
		if !ok {
			L.Push(lua.LNil)
			return 1
		}
		fn, _ := a.L.GetInfo("nSluf", a.dbg, lua.LNil)
		describe(info, what, fn.(*lua.LFunction), a.dbg)
		if f := a.describe(t.vm); f.Name != "" && f.Name[0] != '<' && !f.Main && strings.Contains(what, "n") {
			info.RawSetString("name", lua.LString(f.Name))
		}
	default:
		L.RaiseError("bad argument #%d to 'getinfo' (function or level expected)", first)
	}
	L.Push(info)
	return 1
}

// describe fills in the fields of debug.getinfo that what asks for, except the
// name, which only a call has.
func describe(info *lua.LTable, what string, fn *lua.LFunction, dbg *lua.Debug) {
	for _, c := range what {
		switch c {
		case 'n':
			info.RawSetString("namewhat", lua.LString(""))
		case 'S':
			kind, source, short := "C", "=[Go]", "[Go]"
			if fn.Proto != nil {
				kind, source, short = "Lua", "@"+fn.Proto.SourceName, fn.Proto.SourceName
				if fn.Proto.LineDefined == 0 {
					kind = "main"
				}
			}
			info.RawSetString("what", lua.LString(kind))
			info.RawSetString("source", lua.LString(source))
			info.RawSetString("short_src", lua.LString(short))
			info.RawSetString("linedefined", lineOf(fn, dbg.LineDefined))
			info.RawSetString("lastlinedefined", lineOf(fn, dbg.LastLineDefined))
		case 'l':
			line := lineOf(fn, dbg.CurrentLine)
			if line == 0 {
				line = -1
			}
			info.RawSetString("currentline", line)
		case 'u':
			info.RawSetString("nups", lua.LNumber(dbg.NUpvalues))
		case 'f':
			info.RawSetString("func", fn)
		}
	}
}

func lineOf(fn *lua.LFunction, line int) lua.LNumber {
	if fn.Proto == nil {
		return -1
	}
	return lua.LNumber(line)
}

// debugGetlocal is debug.getlocal([thread,] level, index).
func debugGetlocal(L *lua.LState) int {
	t, first := target(L)
	a := checkLevel(L, t, first, "getlocal")
	name, value := a.L.GetLocal(a.dbg, L.ToInt(first+1))
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
	if name := a.L.SetLocal(a.dbg, L.ToInt(first+1), L.Get(first+2)); name != "" {
		L.Push(lua.LString(name))
	} else {
		L.Push(lua.LNil)
	}
	return 1
}

func checkLevel(L *lua.LState, t *thread, arg int, name string) activation {
	level, ok := L.Get(arg).(lua.LNumber)
	if !ok {
		L.RaiseError("bad argument #%d to '%s' (number expected, got %s)", arg, name, L.Get(arg).Type())
	}
	if t != nil {
		if a, ok := t.at(int(level)); ok {
			return a
		}
	}
	L.RaiseError("bad argument #%d to '%s' (level out of range)", arg, name)
	return activation{}
}
