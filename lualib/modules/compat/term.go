package compat

import (
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/posix"
	"avescript/lualib/stdlib"
)

// openTerm makes term, as of lua-term 0.7. Its functions write to a file, or to standard
// output if the first argument is not an open file.
func openTerm(L *lua.LState) *lua.LTable {
	term := newTable(L, []function{
		{"clear", sequence("2J")},
		{"cleareol", sequence("K")},
		{"isatty", termIsatty},
	})
	term.RawSetString("colors", openColors(L))
	term.RawSetString("cursor", openCursor(L))
	return term
}

// openCursor makes term.cursor, which moves the cursor.
func openCursor(L *lua.LState) *lua.LTable {
	cursor := newTable(L, []function{
		{"goto", sequence("%;%H")},
		{"goup", sequence("%;A")},
		{"godown", sequence("%;B")},
		{"goright", sequence("%;C")},
		{"goleft", sequence("%;D")},
		{"save", sequence("s")},
		{"restore", sequence("u")},
	})
	cursor.RawSetString("jump", cursor.RawGetString("goto"))
	return cursor
}

// sequence makes a function that writes an escape sequence, in which each % is a number that
// it is given.
func sequence(form string) func(stdlib.Args) int {
	return func(a stdlib.Args) int {
		file, next := a.L.Get(1), 2
		if stdlib.DescribeFile(file) != "a file" {
			file, next = a.L.GetField(a.L.GetGlobal("io"), "stdout"), 1
		}
		parts := strings.Split(form, "%")
		text := "\x1b[" + parts[0]
		for i, part := range parts[1:] {
			text += strconv.Itoa(a.Integer(next+i)) + part
		}
		top := a.L.GetTop()
		a.Push(a.L.GetField(file, "write"), file, lua.LString(text))
		a.L.Call(2, lua.MultRet)
		return a.L.GetTop() - top
	}
}

func termIsatty(a stdlib.Args) int { return a.Push(lua.LBool(isTerminal(a, 1))) }

// isTerminal reports whether argument n is an open file on a terminal.
func isTerminal(a stdlib.Args, n int) (is bool) {
	file, _ := a.File(n)
	if file == nil {
		return false
	}
	raw, err := file.SyscallConn()
	if err != nil {
		return false
	}
	_ = raw.Control(func(fd uintptr) { is = posix.IsTerminal(int(fd)) })
	return is
}

// colours are the numbers of term.colors.
var colours = map[string]int{
	"reset": 0, "clear": 0, "default": 0,
	"bright": 1, "dim": 2, "underscore": 4, "blink": 5, "reverse": 7, "hidden": 8,
	"black": 30, "red": 31, "green": 32, "yellow": 33, "blue": 34, "magenta": 35, "cyan": 36, "white": 37,
	"onblack": 40, "onred": 41, "ongreen": 42, "onyellow": 43, "onblue": 44, "onmagenta": 45, "oncyan": 46, "onwhite": 47,
}

// openColors makes term.colors. A colour is an object with its sequence as value: in a
// concatenation it is that, and called with a text it puts itself and a reset around it.
func openColors(L *lua.LState) *lua.LTable {
	colors := L.CreateTable(0, len(colours))
	plain := func(v lua.LValue) string {
		if t, ok := v.(*lua.LTable); ok {
			v = t.RawGetString("value")
		}
		return L.ToStringMeta(v).String()
	}
	meta := newTable(L, []function{
		{"__tostring", func(a stdlib.Args) int { return a.Push(a.L.GetField(a.L.Get(1), "value")) }},
		{"__concat", func(a stdlib.Args) int { return a.Push(lua.LString(plain(a.L.Get(1)) + plain(a.L.Get(2)))) }},
		{"__call", func(a stdlib.Args) int {
			text := plain(a.L.Get(1)) + plain(a.L.Get(2)) + plain(colors.RawGetString("reset"))
			return a.Push(lua.LString(text))
		}},
	})
	for name, number := range colours {
		colour := L.CreateTable(0, 1)
		colour.RawSetString("value", lua.LString("\x1b["+strconv.Itoa(number)+"m"))
		colour.Metatable = meta
		colors.RawSetString(name, colour)
	}
	return colors
}
