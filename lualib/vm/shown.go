package vm

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/secret"
)

// Limits of what [Dump] shows of a value.
const (
	widestShown  = 100 // bytes, about
	deepestShown = 3   // levels of tables
)

// shown returns the value of a variable on one line, as much as fits, as Lua
// source, except what mask hides. It calls no Lua code, because the owner of the
// value is interrupted in the middle of something.
func shown(name string, v lua.LValue, mask *secret.Mask) string {
	line := shownLine{mask: mask}
	line.valueOf(name, v)
	return line.String()
}

// Line is the value of a variable in one line, as much of it as fits there, unless the name
// says that it is secret. No code of scripts runs.
func Line(v Variable) string { return shown(v.Name, v.Value, secret.NewMask(nil)) }

type shownLine struct {
	strings.Builder
	open []*lua.LTable // the tables around the next value
	mask *secret.Mask
}

// valueOf shows the value under a name, which tells whether it is secret. nil,
// booleans and functions are never secret.
func (s *shownLine) valueOf(name string, v lua.LValue) {
	switch v.Type() {
	case lua.LTString, lua.LTNumber, lua.LTTable, lua.LTUserData:
		if s.mask.Hides(name) {
			s.WriteString(secret.Masked)
			return
		}
	}
	s.value(v)
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
	text = s.mask.Value(text) // mask before cutting
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
		// The keys of the Go part of an object are userdata.
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

var nameForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z_]\w*$`) })

// entry shows the i-th entry of a table. Entries of a list have no keys.
func (s *shownLine) entry(i int, key, value lua.LValue) {
	name, isText := key.(lua.LString)
	switch {
	case key == lua.LNumber(i):
	case isText && nameForm().MatchString(string(name)):
		s.WriteString(string(name) + " = ")
	case isText:
		s.WriteString("[")
		s.text(string(name))
		s.WriteString("] = ")
	default:
		s.WriteString("[" + key.String() + "] = ")
	}
	s.valueOf(string(name), value)
}
