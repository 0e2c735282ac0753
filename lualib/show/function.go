package show

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/printable"
	"avescript/lualib/vm"
)

// function shows how a function is called, and where it is from:
// "function echo(self, value)  tests/x.lua:12".
func (s *sheet) function(fn *lua.LFunction) string {
	call, place := s.signature(fn)
	line := s.styled(keywordStyle, "function") + " " + call
	if place != "" {
		line += "  " + s.styled(faintStyle, place)
	}
	return line
}

// shortFunction shows a function in a table, where its name is already shown.
func (s *sheet) shortFunction(fn *lua.LFunction) string {
	line := s.styled(keywordStyle, "function")
	if fn.Proto == nil {
		if known, ok := s.find(fn); ok {
			return line + "(" + known.Params + ")"
		}
		return line + " " + s.styled(faintStyle, "in Go")
	}
	return line + "(" + strings.Join(Params(fn.Proto), ", ") + ") " + s.styled(faintStyle, place(fn.Proto))
}

// signature is how to call a function, with its name if that is known, and its place if it
// is written in Lua.
func (s *sheet) signature(fn *lua.LFunction) (call, where string) {
	if fn.Proto == nil {
		if known, ok := s.find(fn); ok {
			return s.styled(nameStyle, known.Name) + "(" + known.Params + ")", ""
		}
		return s.styled(faintStyle, "in Go"), ""
	}
	params := Params(fn.Proto)
	name := nameOf(vm.Of(s.L), fn.Proto)
	if strings.Contains(name, ":") && len(params) > 0 {
		params = params[1:] // self
	}
	return s.styled(nameStyle, name) + "(" + strings.Join(params, ", ") + ")", place(fn.Proto)
}

func (s *sheet) find(v lua.LValue) (known Known, ok bool) {
	if s.Find == nil {
		return known, false
	}
	return s.Find(s.L, v)
}

// Params are the names of a function's parameters, with "..." for any number.
func Params(proto *lua.FunctionProto) (names []string) {
	for _, local := range proto.DbgLocals[:min(int(proto.NumParameters), len(proto.DbgLocals))] {
		names = append(names, local.Name)
	}
	if proto.IsVarArg != 0 {
		names = append(names, "...")
	}
	return names
}

func place(proto *lua.FunctionProto) string {
	return fmt.Sprintf("%s:%d", printable.Line(proto.SourceName), proto.LineDefined)
}

// nameOf is the name of a function, from the line on which it begins: "f" and "Lab:add" in
// "function Lab:add(a)", "Lab.add" in "Lab.add = function(a)". It is "" if the line has no
// function, or more than one.
func nameOf(v *vm.VM, proto *lua.FunctionProto) string {
	chunk, _, ok := v.Origin(proto)
	if !ok {
		return ""
	}
	line := lineOf(string(chunk.Source), proto.LineDefined)
	before, after, ok := strings.Cut(line, "function")
	if !ok || strings.Contains(after, "function") {
		return ""
	}
	if name, _, ok := strings.Cut(after, "("); ok && strings.TrimSpace(name) != "" {
		return pathOnly(strings.TrimSpace(name))
	}
	before = strings.TrimRight(before, " \t(")
	if rest, isCall := strings.CutSuffix(before, ".rpc"); isCall {
		before = strings.TrimRight(rest[:lastNonPath(rest)], " \t") // Lab.add = ave.Control.rpc(function(
	}
	before, ok = strings.CutSuffix(before, "=")
	if !ok {
		return ""
	}
	before = strings.TrimRight(before, " \t")
	return pathOnly(before[lastNonPath(before):])
}

// lastNonPath is where the path of names at the end of a text begins.
func lastNonPath(text string) int {
	at := len(text)
	for at > 0 && isPathByte(text[at-1]) {
		at--
	}
	return at
}

func pathOnly(text string) string {
	if lastNonPath(text) != 0 {
		return ""
	}
	return text
}

func isPathByte(c byte) bool {
	return c == '_' || c == '.' || c == ':' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// lineOf is a line of a source, counted from 1.
func lineOf(source string, number int) string {
	for line := range strings.Lines(source) {
		if number--; number == 0 {
			return strings.TrimRight(line, "\r\n")
		}
	}
	return ""
}
