package vm

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// This file has debug.getinfo. Functions that are written in Go count as functions in
// C, because scripts compare with "C" and "[C]".

// debugGetinfo is debug.getinfo([thread,] function or level [, what]).
func debugGetinfo(L *lua.LState) int {
	t, first := target(L)
	what := optString(L, first+1, "getinfo", "flnSu")
	call := infoOf{vm: threadOf(L).vm, pc: -1}
	if level, ok := levelArgument(L.Get(first)); ok {
		if !call.find(t, level) {
			L.Push(lua.LNil)
			return 1
		}
	} else if fn, ok := L.Get(first).(*lua.LFunction); ok {
		call.fn = fn
	} else {
		badArgument(L, first, "getinfo", "function or level expected")
	}
	if strings.Trim(what, "SlnufL") != "" {
		badArgument(L, first+1, "getinfo", "invalid option")
	}
	L.Push(call.table(L, what))
	return 1
}

// infoOf is what getinfo is asked about: a function, or a call of one.
type infoOf struct {
	vm     *VM
	fn     *lua.LFunction // nil for a call that was replaced by a tail call
	pc     int            // the instruction that the call executes; -1 for a function
	caller activation     // the code that has called it, if any
	called bool           // there is such code
}

// find looks for the call at a level. As in Lua 5.1, there is a tail call below level 0.
func (i *infoOf) find(t *thread, level int) bool {
	if t == nil {
		return false
	}
	if level < 0 {
		return true
	}
	var call activation
	found := false
	for a := range t.activations() {
		if found {
			i.caller, i.called = a, a.L == call.L
			return true
		}
		if level == 0 {
			call, found = a, true
			i.fn, i.pc = a.function(), a.pc()
			if a.tail() > 0 {
				return true // the name was that of another function
			}
			continue
		}
		if level -= 1 + a.tail(); level < 0 {
			return true
		}
	}
	return found
}

// name returns the name by which the function was called, and what that is.
func (i *infoOf) name() (name, kind string) {
	if !i.called {
		return "", ""
	}
	caller := i.caller.function()
	if caller.Proto == nil {
		return "", ""
	}
	return calledAs(caller, i.caller.pc())
}

// table returns the fields that what asks for.
func (i *infoOf) table(L *lua.LState, what string) *lua.LTable {
	info := L.NewTable()
	for _, c := range what {
		switch c {
		case 'n':
			name, kind := i.name()
			if name != "" || i.fn == nil {
				info.RawSetString("name", lua.LString(name))
			}
			info.RawSetString("namewhat", lua.LString(kind))
		case 'S':
			i.source(info)
		case 'l':
			line := -1
			if i.fn != nil && i.fn.Proto != nil && i.pc >= 0 {
				line = i.fn.Proto.DbgSourcePositions[i.pc]
			}
			info.RawSetString("currentline", lua.LNumber(line))
		case 'u':
			upvalues := 0
			if i.fn != nil {
				upvalues = len(i.fn.Upvalues)
			}
			info.RawSetString("nups", lua.LNumber(upvalues))
		case 'f':
			if i.fn != nil {
				info.RawSetString("func", i.fn)
			}
		case 'L':
			if i.fn != nil && i.fn.Proto != nil {
				info.RawSetString("activelines", activeLines(L, i.fn.Proto))
			}
		}
	}
	return info
}

// source fills in the fields of the option "S".
func (i *infoOf) source(info *lua.LTable) {
	what, source, short, first, last := "C", "=[C]", "[C]", -1, -1
	switch {
	case i.fn == nil:
		what, source, short = "tail", "=(tail call)", "(tail call)"
	case i.fn.Proto != nil:
		proto := i.fn.Proto
		source, first, last = i.vm.sourceOf(proto), proto.LineDefined, proto.LastLineDefined
		what, short = "Lua", shortSource(source, idSize)
		if first == 0 {
			what, last = "main", 0
		}
	}
	info.RawSetString("what", lua.LString(what))
	info.RawSetString("source", lua.LString(source))
	info.RawSetString("short_src", lua.LString(short))
	info.RawSetString("linedefined", lua.LNumber(first))
	info.RawSetString("lastlinedefined", lua.LNumber(last))
}

// sourceOf returns the name that a chunk was loaded with.
func (vm *VM) sourceOf(proto *lua.FunctionProto) string {
	if chunk, _, ok := vm.Origin(proto); ok && chunk.given != nil {
		return *chunk.given
	}
	return "@" + proto.SourceName
}

// activeLines returns the set of lines that have instructions.
func activeLines(L *lua.LState, proto *lua.FunctionProto) *lua.LTable {
	lines := L.NewTable()
	for _, line := range proto.DbgSourcePositions[:len(proto.Code)] {
		lines.RawSetInt(line, lua.LTrue)
	}
	return lines
}

// How long the name of a chunk may be, with its end: in getinfo and most messages, and in
// messages about syntax.
const (
	idSize       = 60
	syntaxIDSize = 80
)

// shortSource returns a chunk's name as Lua 5.1 shortens it.
func shortSource(name string, size int) string {
	if rest, ok := strings.CutPrefix(name, "="); ok {
		return rest[:min(len(rest), size-1)]
	}
	if path, ok := strings.CutPrefix(name, "@"); ok {
		most := size - len(" '...' ") - 1
		if len(path) > most {
			return "..." + path[len(path)-most:]
		}
		return path
	}
	return quotedSource(name, size-len(` [string "..."] `)-1)
}

// quotedSource returns the name of a chunk that was loaded from a string: most bytes of
// its first line.
func quotedSource(source string, most int) string {
	line := source
	if end := strings.IndexAny(source, "\n\r"); end >= 0 {
		line = source[:end]
	}
	line = line[:min(len(line), most)]
	if len(line) < len(source) {
		line += "..."
	}
	return `[string "` + line + `"]`
}
