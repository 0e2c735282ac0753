package compat

import (
	"fmt"
	"math"
	"strconv"

	lua "github.com/yuin/gopher-lua"
)

// jsonEncoder makes the text of one value.
type jsonEncoder struct {
	config *jsonConfig
	null   *lua.LUserData
	text   []byte
	slots  int
}

// The original keeps an element of each open array on Lua's stack, and a key and a value of
// each open object, in both directions. Its stack ends, so that a table that contains itself is
// an error whatever the settings allow.
const (
	stackSlots = 8000
	arraySlots = 1
	tableSlots = 2
)

func (e *jsonEncoder) encode(v lua.LValue) (string, error) {
	err := e.value(v, 0)
	return string(e.text), err
}

func refused(v lua.LValue, why string) error {
	return fmt.Errorf("Cannot serialise %s: %s", v.Type(), why) //nolint:staticcheck // the original's text
}

func (e *jsonEncoder) value(v lua.LValue, depth int) error {
	switch v := v.(type) {
	case lua.LString:
		e.string(string(v))
	case lua.LNumber:
		return e.number(v)
	case lua.LBool:
		e.text = strconv.AppendBool(e.text, bool(v))
	case *lua.LNilType:
		e.text = append(e.text, "null"...)
	case *lua.LTable:
		return e.table(v, depth+1)
	default:
		if v != e.null {
			return refused(v, "type not supported")
		}
		e.text = append(e.text, "null"...)
	}
	return nil
}

func (e *jsonEncoder) table(t *lua.LTable, depth int) error {
	const needed = 4
	if depth > e.config.encodeDepth || e.slots+needed > stackSlots {
		return fmt.Errorf("Cannot serialise, excessive nesting (%d)", depth) //nolint:staticcheck // the original's text
	}
	length, err := e.arrayLength(t)
	if err != nil {
		return err
	}
	if length <= 0 {
		return e.object(t, depth)
	}
	e.slots += arraySlots
	separator := byte('[')
	for i := 1; i <= length; i++ {
		e.text = append(e.text, separator)
		separator = ','
		if err := e.value(t.RawGetInt(i), depth); err != nil {
			return err
		}
	}
	e.text = append(e.text, ']')
	e.slots -= arraySlots
	return nil
}

// arrayLength is the length of a table as an array; 0 for one that is an object.
func (e *jsonEncoder) arrayLength(t *lua.LTable) (length int, err error) {
	items := 0
	for key, _ := t.Next(lua.LNil); key != lua.LNil; key, _ = t.Next(key) {
		n, ok := key.(lua.LNumber)
		if !ok || float64(n) != math.Floor(float64(n)) || n < 1 {
			return 0, nil
		}
		items++
		length = max(length, int(min(n, math.MaxInt32)))
	}
	c := e.config
	if c.sparseRatio > 0 && length > items*c.sparseRatio && length > c.sparseFew {
		if !c.sparseConvert {
			return 0, refused(t, "excessively sparse array")
		}
		return 0, nil
	}
	return length, nil
}

func (e *jsonEncoder) object(t *lua.LTable, depth int) (err error) {
	e.text = append(e.text, '{')
	e.slots += tableSlots
	first := true
	for key, v := t.Next(lua.LNil); key != lua.LNil && err == nil; key, v = t.Next(key) {
		if !first {
			e.text = append(e.text, ',')
		}
		first = false
		switch key := key.(type) {
		case lua.LString:
			e.string(string(key))
		case lua.LNumber:
			e.text = append(e.text, '"')
			err = e.number(key)
			e.text = append(e.text, '"')
		default:
			err = refused(key, "table key must be a number or string")
		}
		if err == nil {
			e.text = append(e.text, ':')
			err = e.value(v, depth)
		}
	}
	e.text = append(e.text, '}')
	e.slots -= tableSlots
	return err
}

func (e *jsonEncoder) number(n lua.LNumber) error {
	x := float64(n)
	if !math.IsNaN(x) && !math.IsInf(x, 0) {
		e.text = strconv.AppendFloat(e.text, x, 'g', e.config.precision, 64)
		return nil
	}
	switch {
	case e.config.encodeInvalid == "off":
		return refused(n, "must not be NaN or Inf")
	case e.config.encodeInvalid == "null":
		e.text = append(e.text, "null"...)
	case math.IsNaN(x):
		e.text = append(e.text, "nan"...)
	case x < 0:
		e.text = append(e.text, "-inf"...)
	default:
		e.text = append(e.text, "inf"...)
	}
	return nil
}

// escapes are the characters that have a short escape.
var escapes = map[byte]string{
	'\b': `\b`, '\t': `\t`, '\n': `\n`, '\f': `\f`, '\r': `\r`, '"': `\"`, '/': `\/`, '\\': `\\`,
}

// string writes bytes as they are, except control characters and what has an escape.
func (e *jsonEncoder) string(s string) {
	e.text = append(e.text, '"')
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= ' ' && c != '"' && c != '/' && c != '\\' && c != 0x7f:
			e.text = append(e.text, c)
		case escapes[c] != "":
			e.text = append(e.text, escapes[c]...)
		default:
			e.text = fmt.Appendf(e.text, `\u%04x`, c)
		}
	}
	e.text = append(e.text, '"')
}
