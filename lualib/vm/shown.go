package vm

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// How much of a value [Dump] shows.
const (
	widestShown  = 100 // bytes, about
	deepestShown = 3   // levels of tables
)

// shown is a value in one line, as much of it as fits there, in the words of Lua.
// Nothing of Lua's is called for it: what the value belongs to is in the middle of
// something.
func shown(v lua.LValue) string {
	var line shownLine
	line.value(v)
	return line.String()
}

type shownLine struct {
	strings.Builder
	open []*lua.LTable // around what comes next
}

func (s *shownLine) value(v lua.LValue) {
	switch v := v.(type) {
	case lua.LString:
		s.text(string(v))
	case *lua.LTable:
		s.table(v)
	default:
		s.WriteString(v.String())
	}
}

func (s *shownLine) text(text string) {
	if len(text) <= widestShown {
		s.WriteString(strconv.Quote(text))
		return
	}
	s.WriteString(strconv.Quote(text[:widestShown]) + "...")
}

func (s *shownLine) table(t *lua.LTable) {
	key, value := t.Next(lua.LNil)
	switch {
	case key == lua.LNil:
		s.WriteString("{}")
		return
	case slices.Contains(s.open, t):
		s.WriteString("<cycle>")
		return
	case len(s.open) == deepestShown:
		s.WriteString("{ ... }")
		return
	}
	s.open = append(s.open, t)
	s.WriteString("{")
	separator := " "
	for i := 1; key != lua.LNil; i++ {
		if s.Len() > widestShown {
			s.WriteString(separator + "...")
			break
		}
		// The keys of what is Go's in an object are userdata.
		if key.Type() != lua.LTUserData {
			s.WriteString(separator)
			s.entry(i, key, value)
			separator = ", "
		}
		key, value = t.Next(key)
	}
	s.WriteString(" }")
	s.open = s.open[:len(s.open)-1]
}

var isName = regexp.MustCompile(`^[A-Za-z_]\w*$`).MatchString

// entry is the i-th of a table: those of a list have no keys.
func (s *shownLine) entry(i int, key, value lua.LValue) {
	name, isText := key.(lua.LString)
	switch {
	case key == lua.LNumber(i):
	case isText && isName(string(name)):
		s.WriteString(string(name) + " = ")
	case isText:
		s.WriteString("[")
		s.text(string(name))
		s.WriteString("] = ")
	default:
		s.WriteString("[" + key.String() + "] = ")
	}
	s.value(value)
}
