package codec

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/stdlib"
)

// Error says which part of a value cannot be written as JSON.
type Error struct {
	// Path leads from the value to the part, as one would write it in Lua
	// behind the value's name: ".items[3].name". It is empty for the value
	// itself.
	Path string
	Msg  string
}

// Error names the place, calling the whole "value".
func (e *Error) Error() string {
	const enough = 200 // a cycle through __tojson has a path as long as MaxDepth
	if len(e.Path) > enough {
		return fmt.Sprintf("value%s...: %s", e.Path[:enough], e.Msg)
	}
	return fmt.Sprintf("value%s: %s", e.Path, e.Msg)
}

// below puts a step in front of the path, while the error is on its way up.
func (e *Error) below(step string) *Error {
	e.Path = step + e.Path
	return e
}

// Append writes v to the end of dst. L is the thread on which __tojson is
// called; what that raises is raised. The error is an [*Error], and dst is then
// returned as it came.
func (c *Codec) Append(L *lua.LState, dst []byte, v lua.LValue) ([]byte, error) {
	e := encoder{codec: c, L: L, dst: dst}
	if err := e.value(v); err != nil {
		return dst, err
	}
	return e.dst, nil
}

// AppendList is like Append for values that are no table, such as the
// arguments of a call. A nil among them is written as null.
func (c *Codec) AppendList(L *lua.LState, dst []byte, values []lua.LValue) ([]byte, error) {
	e := encoder{codec: c, L: L, dst: append(dst, '[')}
	for i, v := range values {
		if i > 0 {
			e.dst = append(e.dst, ',')
		}
		if err := e.value(v); err != nil {
			return dst, err.below(indexStep(i + 1))
		}
	}
	return append(e.dst, ']'), nil
}

// AppendSorted is like Append, for a person to read: keys are sorted, and
// everything has a line of its own, with indent in front for each level. With
// an empty indent all is one line.
func (c *Codec) AppendSorted(L *lua.LState, dst []byte, v lua.LValue, indent string) ([]byte, error) {
	if strings.Trim(indent, " \t") != "" {
		return dst, fmt.Errorf("wanted spaces and tabs to indent JSON with, got %q", indent)
	}
	text, err := c.Append(L, nil, v)
	if err != nil {
		return dst, err
	}
	// Two keys may have become equal when their bad bytes were replaced.
	options := []jsontext.Options{jsontext.ReorderRawObjects(true), jsontext.AllowDuplicateNames(true)}
	if indent != "" {
		options = append(options, jsontext.WithIndent(indent))
	}
	sorted := jsontext.Value(text)
	if err := sorted.Format(options...); err != nil {
		return dst, fmt.Errorf("cannot indent JSON: %w", err)
	}
	return append(dst, sorted...), nil
}

type encoder struct {
	codec *Codec
	L     *lua.LState
	dst   []byte
	open  []lua.LValue // what is being written, outermost first
}

func (e *encoder) value(v lua.LValue) *Error {
	switch v := v.(type) {
	case lua.LString:
		e.string(string(v))
	case lua.LNumber:
		return e.number(float64(v))
	case *lua.LTable:
		return e.table(v)
	case lua.LBool:
		e.dst = strconv.AppendBool(e.dst, bool(v))
	case *lua.LNilType:
		e.dst = append(e.dst, "null"...)
	case *lua.LUserData:
		return e.userdata(v)
	default:
		return noForm(v)
	}
	return nil
}

func noForm(v lua.LValue) *Error {
	return &Error{Msg: "wanted a value that JSON has a form for, got a " + v.Type().String()}
}

// noFormOfObject is for an object of which a part is Go's.
func noFormOfObject(t *lua.LTable) *Error {
	name := "object"
	if class, ok := t.Metatable.(*lua.LTable); ok {
		if text, ok := class.RawGetString("__name").(lua.LString); ok {
			name = string(text)
		}
	}
	return &Error{Msg: "wanted a value that JSON has a form for, got a " + name}
}

func (e *encoder) string(s string) {
	// The error says that bad bytes were replaced, which is what we want.
	e.dst, _ = jsontext.AppendQuote(e.dst, s)
}

func (e *encoder) number(f float64) *Error {
	abs := math.Abs(f)
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return &Error{Msg: fmt.Sprintf("wanted a number that JSON has a form for, got %v", f)}
	case f == math.Trunc(f) && -1<<63 <= f && f < 1<<63 && (f != 0 || !math.Signbit(f)):
		e.dst = strconv.AppendInt(e.dst, int64(f), 10)
	case abs < 1e-6 && f != 0 || abs >= 1<<63: // an integer that long would be read as a Number
		e.dst = strconv.AppendFloat(e.dst, f, 'e', -1, 64)
	default:
		e.dst = strconv.AppendFloat(e.dst, f, 'f', -1, 64)
	}
	return nil
}

func (e *encoder) userdata(ud *lua.LUserData) *Error {
	switch value := ud.Value.(type) {
	case null:
		e.dst = append(e.dst, "null"...)
		return nil
	case Number:
		e.dst = append(e.dst, value...)
		return nil
	}
	if mt, ok := ud.Metatable.(*lua.LTable); ok {
		if convert := mt.RawGetString("__tojson"); convert != lua.LNil {
			return e.converted(convert, ud)
		}
	}
	return noForm(ud)
}

// converted writes what __tojson makes of v.
func (e *encoder) converted(convert, v lua.LValue) *Error {
	if err := e.enter(v); err != nil {
		return err
	}
	e.L.Push(convert)
	e.L.Push(v)
	e.L.Call(1, 1)
	instead := e.L.Get(-1)
	e.L.Pop(1)
	err := e.value(instead)
	e.leave()
	return err
}

func (e *encoder) enter(v lua.LValue) *Error {
	if slices.Contains(e.open, v) {
		return &Error{Msg: fmt.Sprintf("the %v contains itself", v.Type())}
	}
	if len(e.open) == MaxDepth {
		return &Error{Msg: fmt.Sprintf("wanted at most %d levels of nesting, got more", MaxDepth)}
	}
	e.open = append(e.open, v)
	return nil
}

func (e *encoder) leave() { e.open = e.open[:len(e.open)-1] }

func (e *encoder) table(t *lua.LTable) *Error {
	var mark lua.LValue
	switch mt, ok := t.Metatable.(*lua.LTable); {
	case !ok:
	case mt == e.codec.list:
		mark = markList
	case mt == e.codec.object:
		mark = markObject
	default:
		if convert := mt.RawGetString("__tojson"); convert != lua.LNil {
			return e.converted(convert, t)
		}
		mark = mt.RawGetString(markField)
	}

	if err := e.enter(t); err != nil {
		return err
	}
	var err *Error
	n := t.MaxN()
	extra := keyAfter(t, n)
	if mark == markList || mark != markObject && (n > 0 || extra == lua.LNil) {
		err = e.list(t, n, extra)
	} else {
		err = e.object(t)
	}
	e.leave()
	return err
}

// keyAfter is the first key of t that is not among 1 to n, or nil.
func keyAfter(t *lua.LTable, n int) lua.LValue {
	last := lua.LNil
	if n > 0 {
		last = lua.LNumber(n)
	}
	key, _ := t.Next(last)
	return key
}

// list writes the values 1 to n. Extra is a key that t has besides these.
func (e *encoder) list(t *lua.LTable, n int, extra lua.LValue) *Error {
	if extra == stdlib.Hidden {
		return noFormOfObject(t)
	}
	if extra != lua.LNil {
		return &Error{Msg: fmt.Sprintf("wanted only the keys of a list, 1 to %d, got also %s", n, describe(extra))}
	}
	e.dst = append(e.dst, '[')
	for i := 1; i <= n; i++ {
		if i > 1 {
			e.dst = append(e.dst, ',')
		}
		v := t.RawGetInt(i)
		if v == lua.LNil {
			return (&Error{Msg: fmt.Sprintf("wanted a value everywhere in a list of %d, got nil", n)}).below(indexStep(i))
		}
		if err := e.value(v); err != nil {
			return err.below(indexStep(i))
		}
	}
	e.dst = append(e.dst, ']')
	return nil
}

// object writes the fields in the order of next, which is the one of LTable
// that does not change from one run to the other.
func (e *encoder) object(t *lua.LTable) *Error {
	e.dst = append(e.dst, '{')
	separate := false
	for key, v := t.Next(lua.LNil); key != lua.LNil; key, v = t.Next(key) {
		name, ok := key.(lua.LString)
		if !ok && key == stdlib.Hidden {
			return noFormOfObject(t)
		}
		if !ok {
			return &Error{Msg: "wanted strings as the keys of an object, got " + describe(key)}
		}
		if separate {
			e.dst = append(e.dst, ',')
		}
		separate = true
		e.string(string(name))
		e.dst = append(e.dst, ':')
		if err := e.value(v); err != nil {
			return err.below(fieldStep(string(name)))
		}
	}
	e.dst = append(e.dst, '}')
	return nil
}

// describe is how a message names a key.
func describe(key lua.LValue) string {
	switch key := key.(type) {
	case lua.LString:
		return "the string " + strconv.QuoteToASCII(string(key))
	case lua.LNumber, lua.LBool:
		return fmt.Sprintf("the %v %v", key.Type(), key)
	}
	return "a " + key.Type().String()
}

func indexStep(i int) string { return fmt.Sprintf("[%d]", i) }

var identifier = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`) })

func fieldStep(name string) string {
	if identifier().MatchString(name) {
		return "." + name
	}
	return "[" + strconv.QuoteToASCII(name) + "]"
}
