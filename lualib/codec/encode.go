package codec

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unsafe"

	"github.com/go-json-experiment/json/jsontext"
	lua "github.com/yuin/gopher-lua"

	"avescript/core/rpcjson"
	"avescript/lualib/stdlib"
)

// Error says which part of a value cannot be encoded as JSON.
type Error struct {
	// Path leads from the value to the part, as Lua code after the name of the
	// value: ".items[3].name". It is empty for the value itself.
	Path string
	Msg  string
}

// Error names the place; the whole value is called "value".
func (e *Error) Error() string {
	const enough = 200 // a cycle through __tojson has a path as long as MaxDepth
	if len(e.Path) > enough {
		return fmt.Sprintf("value%s...: %s", e.Path[:enough], e.Msg)
	}
	return fmt.Sprintf("value%s: %s", e.Path, e.Msg)
}

// below adds a step at the beginning of the path, while the error is returned
// outwards.
func (e *Error) below(step string) *Error {
	e.Path = step + e.Path
	return e
}

// Append writes v to the end of dst. L is the thread on which __tojson is called;
// its errors are raised. The error is an [*Error]; dst is then returned unchanged.
func (c *Codec) Append(L *lua.LState, dst []byte, v lua.LValue) ([]byte, error) {
	e := encoder{codec: c, L: L, dst: dst}
	if err := e.value(v); err != nil {
		return dst, err
	}
	return e.dst, nil
}

// AppendList is like Append for values without a table, such as the arguments of a
// call. A nil among them is written as null.
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

// AppendSorted is like Append, but for people: keys are sorted, and everything is
// on a line of its own, indented by indent for each level. With an empty indent
// everything is on one line.
func (c *Codec) AppendSorted(L *lua.LState, dst []byte, v lua.LValue, indent string) ([]byte, error) {
	if strings.Trim(indent, " \t") != "" {
		return dst, fmt.Errorf("wanted spaces and tabs as indentation, got %q", indent)
	}
	e := encoder{codec: c, L: L, quoteNaN: true}
	if err := e.value(v); err != nil {
		return dst, err
	}
	// Two keys may have become equal when their invalid bytes were replaced.
	options := []jsontext.Options{
		jsontext.ReorderRawObjects(true), jsontext.AllowDuplicateNames(true), jsontext.PreserveRawStrings(true),
	}
	if indent != "" {
		options = append(options, jsontext.WithIndent(indent))
	}
	sorted := jsontext.Value(e.dst)
	if err := sorted.Format(options...); err != nil {
		return dst, fmt.Errorf("cannot indent JSON: %w", err)
	}
	if c.nan {
		for word, quoted := range quotedNaN {
			sorted = bytes.ReplaceAll(sorted, []byte(quoted), []byte(word))
		}
	}
	return append(dst, sorted...), nil
}

// quotedNaN are strings that stand for the words that the sorting does not know
// either. No string of a value is written like this, because its letters need no
// escape.
var quotedNaN = map[string]string{
	"NaN":       `"\u004eaN"`,
	"Infinity":  `"\u0049nfinity"`,
	"-Infinity": `"\u002dInfinity"`,
}

type encoder struct {
	codec *Codec
	L     *lua.LState
	dst   []byte
	open  []lua.LValue // what is being written, outermost first

	quoteNaN bool // write NaN and infinity as in quotedNaN
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
	return &Error{Msg: "cannot encode a " + v.Type().String() + " as JSON"}
}

// noFormOfObject returns the error for an object with a part in Go.
func noFormOfObject(t *lua.LTable) *Error {
	name := "object"
	if class, ok := t.Metatable.(*lua.LTable); ok {
		if text, ok := class.RawGetString("__name").(lua.LString); ok {
			name = string(text)
		}
	}
	return &Error{Msg: "cannot encode a " + name + " as JSON"}
}

func (e *encoder) string(s string) {
	if rpcjson.Plain(unsafe.Slice(unsafe.StringData(s), len(s))) == len(s) {
		e.dst = append(append(append(e.dst, '"'), s...), '"')
		return
	}
	// The error only says that invalid bytes were replaced, which is intended.
	e.dst, _ = jsontext.AppendQuote(e.dst, s)
}

func (e *encoder) number(f float64) *Error {
	abs := math.Abs(f)
	switch {
	case e.codec.nan && math.IsNaN(f):
		e.word("NaN")
	case e.codec.nan && math.IsInf(f, 1):
		e.word("Infinity")
	case e.codec.nan && math.IsInf(f, -1):
		e.word("-Infinity")
	case math.IsNaN(f) || math.IsInf(f, 0):
		return &Error{Msg: fmt.Sprintf("cannot encode %v: JSON numbers must be finite", f)}
	case f == math.Trunc(f) && -1<<63 <= f && f < 1<<63 && (f != 0 || !math.Signbit(f)):
		e.dst = strconv.AppendInt(e.dst, int64(f), 10)
	case abs < 1e-6 && f != 0 || abs >= 1<<63: // an integer that long would be read as a Number
		e.dst = strconv.AppendFloat(e.dst, f, 'e', -1, 64)
	default:
		e.dst = strconv.AppendFloat(e.dst, f, 'f', -1, 64)
	}
	return nil
}

// word writes a number that JSON cannot express.
func (e *encoder) word(word string) {
	if e.quoteNaN {
		word = quotedNaN[word]
	}
	e.dst = append(e.dst, word...)
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

// converted writes the result of __tojson for v.
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
		return &Error{Msg: fmt.Sprintf("nested more than %d levels deep", MaxDepth)}
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

// keyAfter returns the first key of t that is not among 1 to n, or nil.
func keyAfter(t *lua.LTable, n int) lua.LValue {
	last := lua.LNil
	if n > 0 {
		last = lua.LNumber(n)
	}
	key, _ := t.Next(last)
	return key
}

// list writes the values 1 to n. extra is another key of t.
func (e *encoder) list(t *lua.LTable, n int, extra lua.LValue) *Error {
	if extra == stdlib.Hidden {
		return noFormOfObject(t)
	}
	if extra != lua.LNil {
		return &Error{Msg: fmt.Sprintf("a list can only have the keys 1 to %d, got also %s", n, describe(extra))}
	}
	e.dst = append(e.dst, '[')
	for i := 1; i <= n; i++ {
		if i > 1 {
			e.dst = append(e.dst, ',')
		}
		v := t.RawGetInt(i)
		if v == lua.LNil {
			return (&Error{Msg: fmt.Sprintf("a list cannot contain nil: this one has %d entries; use json.null", n)}).below(indexStep(i))
		}
		if err := e.value(v); err != nil {
			return err.below(indexStep(i))
		}
	}
	e.dst = append(e.dst, ']')
	return nil
}

// object writes the fields in the order of LTable's next, which is the same in
// every run.
func (e *encoder) object(t *lua.LTable) *Error {
	e.dst = append(e.dst, '{')
	fields := fieldsOf(t)
	for i, v := range fields.array {
		if v != lua.LNil {
			return keyOfObject(t, lua.LNumber(i+1))
		}
	}
	separate := false
	for i := 0; i < len(fields.keys); i++ {
		name, ok := fields.keys[i].(lua.LString)
		if !ok {
			if t.RawGet(fields.keys[i]) == lua.LNil {
				continue
			}
			return keyOfObject(t, fields.keys[i])
		}
		v, ok := fields.strdict[string(name)]
		if !ok {
			continue // it was removed
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

// keyOfObject is the error for a key that is not a string.
func keyOfObject(t *lua.LTable, key lua.LValue) *Error {
	if key == stdlib.Hidden {
		return noFormOfObject(t)
	}
	return &Error{Msg: "the keys of an object must be strings, got " + describe(key)}
}

// describe returns a key as messages name it.
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
