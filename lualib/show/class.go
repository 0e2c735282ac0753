package show

import (
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/printable"
	"avescript/lualib/bind"
)

// class shows a class: how its objects are made, its parent, its own methods and fields in
// a line each, and the names of those that it inherits from each parent.
func (s *sheet) class(class *lua.LTable) string {
	lines := []string{s.styled(keywordStyle, "class") + " " + s.constructor(class)}
	if parent := bind.ParentOf(class); parent != nil {
		lines[0] += s.styled(faintStyle, ", child of ") + printable.Line(className(parent))
	}
	seen := map[string]bool{}
	own := members(class, seen)
	shown := own
	if most := mostOfTable[0]; len(own) > most && !s.Whole {
		shown = own[:most]
	}
	for _, name := range shown {
		lines = append(lines, "  "+s.clip(s.member(class, name), s.Width-2))
	}
	if more := len(own) - len(shown); more > 0 {
		lines = append(lines, "  "+s.more(more))
	}
	for parent := bind.ParentOf(class); parent != nil; parent = bind.ParentOf(parent) {
		if names := members(parent, seen); len(names) > 0 {
			lines = append(lines, s.inherited(parent, names)...)
		}
	}
	return strings.Join(lines, "\n")
}

// members are the names of a class's own fields that were not shown yet, except the
// internal fields of the class library.
func members(class *lua.LTable, seen map[string]bool) (names []string) {
	for _, key := range keys(class, 0) {
		name, ok := key.(lua.LString)
		switch {
		case !ok || strings.HasPrefix(string(name), "__") || seen[string(name)]:
		case slices.Contains([]string{"init", "is", "subclass", "super"}, string(name)):
		default:
			names = append(names, string(name))
			seen[string(name)] = true
		}
	}
	return names
}

// constructor is how an object is made: "RemoteControl(address, authkey?)". It is only the
// name if the class has no constructor.
func (s *sheet) constructor(class *lua.LTable) string {
	name := s.styled(nameStyle, printable.Line(className(class)))
	for c := class; c != nil; c = bind.ParentOf(c) {
		init, ok := c.RawGetString("init").(*lua.LFunction)
		switch {
		case !ok:
			continue
		case init.Proto != nil:
			return name + "(" + strings.Join(withoutSelf(Params(init.Proto)), ", ") + ")"
		}
		if known, ok := s.find(init); ok && known.Params != "" {
			return name + "(" + known.Params + ")"
		}
		return name
	}
	return name
}

func withoutSelf(params []string) []string {
	if len(params) > 0 && params[0] == "self" {
		return params[1:]
	}
	return params
}

// member is a line about a field of a class: how to call a method, or a value.
func (s *sheet) member(class *lua.LTable, name string) string {
	key := printable.Line(name)
	owner := printable.Line(className(class))
	switch v := class.RawGetString(name).(type) {
	case *lua.LFunction:
		return s.method(owner, key, v, "")
	case *lua.LTable:
		if fn, marks, ok := marked(v); ok {
			return s.method(owner, key, fn, marks)
		}
		s.path = append(s.path, class)
		defer func() { s.path = s.path[:len(s.path)-1] }()
		line, _, _ := strings.Cut(s.value(v, 0), "\n")
		return owner + "." + s.styled(nameStyle, key) + " = " + line
	default:
		return owner + "." + s.styled(nameStyle, key) + " = " + s.value(v, 0)
	}
}

// method is "Lab:add(a, b)  rpc  lab.lua:12".
func (s *sheet) method(class, name string, fn *lua.LFunction, marks string) string {
	separator, params, where := ".", "", ""
	if fn.Proto != nil {
		names := Params(fn.Proto)
		if len(names) > 0 && names[0] == "self" {
			separator = ":"
		}
		params, where = strings.Join(withoutSelf(names), ", "), place(fn.Proto)
	} else if known, ok := s.find(fn); ok {
		params = known.Params
		if strings.Contains(known.Name, ":") {
			separator = ":"
		}
	}
	line := class + separator + s.styled(nameStyle, name) + "(" + params + ")"
	if marks != "" {
		line += "  " + s.styled(keywordStyle, marks)
	}
	if where != "" {
		line += "  " + s.styled(faintStyle, where)
	}
	return line
}

// marked returns the function that was given to Control.rpc or a similar function, and who
// may call it.
func marked(v *lua.LTable) (fn *lua.LFunction, marks string, ok bool) {
	if bind.NameOf(v) != "Method" {
		return nil, "", false
	}
	fn, ok = v.RawGetString("fn").(*lua.LFunction)
	var names []string
	for _, name := range []string{"rpc", "auth", "preauth", "concurrent", "resumable"} {
		if v.RawGetString(name) != lua.LNil {
			names = append(names, name)
		}
	}
	return fn, strings.Join(names, ", "), ok
}

// inherited are the lines with the names that a class inherits from a parent.
func (s *sheet) inherited(parent *lua.LTable, names []string) []string {
	line := "  of " + printable.Line(className(parent)) + ":"
	var lines []string
	for i, name := range names {
		word := " " + printable.Line(name)
		if i < len(names)-1 {
			word += ","
		}
		if width(line)+width(word) > s.Width {
			lines = append(lines, line)
			line = "   "
		}
		line += word
	}
	lines = append(lines, line)
	for i := range lines {
		lines[i] = s.styled(faintStyle, lines[i])
	}
	return lines
}
