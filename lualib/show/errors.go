package show

import (
	"fmt"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/printable"
	"avescript/lualib/bind"
)

const (
	mostLines   = 20     // of a command's output, the last ones
	mostMessage = 20_000 // bytes of what an error says
)

// isError reports whether a value is an error object that is shown with its details. Its
// class must not have a __tostring in Lua.
func (s *sheet) isError(v lua.LValue) bool {
	if !bind.IsErrorObject(v) {
		return false
	}
	told, ok := s.L.GetMetaField(v, "__tostring").(*lua.LFunction)
	return ok && told.Proto == nil
}

// detailsOf are the details of an error object.
func detailsOf(object *lua.LTable) *lua.LTable {
	details, _ := object.RawGetString("details").(*lua.LTable)
	return details
}

// errorObject shows what an error says, and its details.
func (s *sheet) errorObject(object *lua.LTable) string {
	first, rest, more := strings.Cut(printable.Lines(s.errorMessage(object), printable.Indent), "\n")
	text := s.styled(errorStyle, first)
	if more {
		text += "\n" + rest
	}
	if details := s.errorDetails(object); details != "" {
		text += "\n" + details
	}
	return text
}

// shortError shows an error object in a table.
func (s *sheet) shortError(object *lua.LTable) string {
	message, _, _ := strings.Cut(s.errorMessage(object), "\n")
	return s.styled(errorStyle, s.line(message))
}

// errorMessage is the class of an error with what it says.
func (s *sheet) errorMessage(object *lua.LTable) string {
	details := detailsOf(object)
	name := bind.NameOf(object)
	if other, ok := details.RawGetString("type").(lua.LString); ok {
		name = string(other)
	}
	message, ok := details.RawGetString("message").(lua.LString)
	if !ok || message == "" {
		return name
	}
	text := string(message)
	if n := len(text); n > mostMessage && !s.Whole {
		s.cut = true
		text = fmt.Sprintf("%s… (%d bytes)", head(text, mostMessage), n)
	}
	return name + ": " + text
}

// shownElsewhere reports whether a detail is shown in a form of its own.
func shownElsewhere(details *lua.LTable, key lua.LValue) bool {
	switch name, _ := key.(lua.LString); name {
	case "type", "message", "trace", "out":
		return true
	case "ptyout":
		out := details.RawGetString("out")
		return out == lua.LNil || out == details.RawGet(key)
	}
	return false
}

// errorDetails shows the details of an error other than its type and message, in lines of
// their own: the output of a command as text, of the trace of a service its last call.
func (s *sheet) errorDetails(object *lua.LTable) string {
	details := detailsOf(object)
	s.path = append(s.path, object)
	defer func() { s.path = s.path[:len(s.path)-1] }()
	var lines []string
	all, most := slices.DeleteFunc(keys(details, 0), func(key lua.LValue) bool { return shownElsewhere(details, key) }), s.most()
	for i, key := range all {
		if i >= most || s.ended() {
			lines = append(lines, "  "+s.more(len(all)-i))
			break
		}
		s.left -= len(s.path)
		label := "  " + s.label(key)
		lines = append(lines, label+s.value(details.RawGet(key), width(label)))
	}
	lines = append(lines, s.output(details)...)
	if trace, ok := details.RawGetString("trace").(*lua.LTable); ok {
		if last, ok := lastCall(trace); ok {
			lines = append(lines, s.styled(faintStyle, "  raised in the service at "+last))
		}
	}
	return strings.Join(lines, "\n")
}

// output are the last lines of a command's output.
func (s *sheet) output(details *lua.LTable) []string {
	out := details.RawGetString("out")
	if out == lua.LNil {
		out = details.RawGetString("ptyout")
	}
	text, ok := out.(lua.LString)
	switch {
	case out == lua.LNil || ok && text == "":
		return nil
	case !ok:
		return []string{"  " + s.label(lua.LString("out")) + s.value(out, 0)}
	}
	all := strings.Split(strings.TrimRight(printable.Lines(string(text), ""), "\n"), "\n")
	lines := []string{"  " + s.styled(keyStyle, "out")}
	if left := len(all) - mostLines; left > 0 && !s.Whole {
		s.cut = true
		lines[0] += s.styled(faintStyle, fmt.Sprintf(", the last %d of %d lines", mostLines, len(all)))
		all = all[left:]
	}
	for _, line := range all {
		lines = append(lines, printable.Indent+s.line(line))
	}
	return lines
}

// lastCall is the innermost call of a trace that came with an error: "lab.lua:12 in add".
func lastCall(trace *lua.LTable) (string, bool) {
	frame, ok := trace.RawGetInt(listLen(trace)).(*lua.LTable)
	if !ok {
		return "", false
	}
	file, isText := frame.RawGetInt(1).(lua.LString)
	line, isNumber := frame.RawGetInt(2).(lua.LNumber)
	function, named := frame.RawGetInt(3).(lua.LString)
	if !isText || !isNumber {
		return "", false
	}
	text := fmt.Sprintf("%s:%d", file, int(line))
	if named {
		text += " in " + string(function)
	}
	return printable.Line(text), true
}
