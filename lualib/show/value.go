package show

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/printable"
	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// top shows a value that is in no table.
func (s *sheet) top(v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		return s.text(string(v), mostText)
	case *lua.LFunction:
		return s.function(v)
	case *lua.LTable:
		switch {
		case bind.IsClass(v):
			return s.class(v)
		case s.isError(v):
			return s.errorObject(v)
		}
		if fn, marks, ok := marked(v); ok {
			return s.function(fn) + "  " + s.styled(keywordStyle, marks)
		}
		if rows, ok := s.rows(v, s.Width); ok {
			return rows
		}
	}
	return s.value(v, 0)
}

// value shows a value that may be in a table. So many columns of its first line are taken
// by what is around it.
func (s *sheet) value(v lua.LValue, taken int) string {
	switch v := v.(type) {
	case lua.LString:
		return s.text(string(v), s.innerText())
	case lua.LNumber:
		return s.styled(numberStyle, bind.Invoke(s.L, s.tostring, v).String())
	case lua.LBool, *lua.LNilType:
		return s.styled(keywordStyle, v.String())
	case *lua.LFunction:
		return s.shortFunction(v)
	case *lua.LTable:
		switch {
		case bind.IsClass(v):
			return s.styled(keywordStyle, "class") + " " + s.styled(nameStyle, printable.Line(className(v)))
		case s.isError(v):
			return s.shortError(v)
		case s.isPlain(v):
			return s.table(v, taken)
		}
		if fn, marks, ok := marked(v); ok {
			return s.shortFunction(fn) + " " + s.styled(keywordStyle, marks)
		}
	}
	return s.told(v, taken)
}

// innerText is how many columns of a string are shown inside of a table: about two lines.
func (s *sheet) innerText() int { return max(2*s.Width, 100) }

// columnsOf is that for [quote].
func (s *sheet) columnsOf() int {
	if s.Whole {
		return -1
	}
	return s.innerText()
}

// told is a value as its __tostring or tostring returns it. If a __tostring in Lua fails,
// the fields and the reason are shown.
func (s *sheet) told(v lua.LValue, taken int) string {
	var text string
	err := vm.Within(s.L, vm.Context(s.L), func(L *lua.LState) error {
		text = bind.Invoke(L, s.tostring, v).String()
		return nil
	})
	switch {
	case err != nil:
		shown := v.Type().String()
		if t, ok := v.(*lua.LTable); ok {
			shown = s.table(t, taken)
		}
		why, _, _ := strings.Cut(err.Error(), "\n")
		return shown + " " + s.styled(errorStyle, "(its __tostring failed: "+s.line(why)+")")
	case v.Type() == lua.LTUserData && text == "null":
		return s.styled(keywordStyle, text)
	}
	limit := mostText
	if len(s.path) > 0 {
		limit = s.innerText()
	}
	if n := len(text); n > limit && !s.Whole {
		s.cut = true
		text = head(text, limit) + "…"
	}
	return printable.Lines(text, strings.Repeat("  ", len(s.path))+printable.Indent)
}

// name is the class of an object in front of its fields.
func (s *sheet) name(t *lua.LTable) string {
	return s.styled(nameStyle, printable.Line(bind.NameOf(t)))
}

// className is the name of a class.
func className(class *lua.LTable) string {
	name, _ := class.RawGetString("__name").(lua.LString)
	return string(name)
}
