// Package codec converts Lua values to JSON and back, directly: no tree of Go
// values is built in between, since every call between services passes here
// twice.
//
// What was received can be sent on unchanged, so the decoder distinguishes what
// Lua alone does not:
//
//   - An array becomes a table whose metatable has __jsontype = "list", an
//     object one with __jsontype = "object". The mark decides what an empty
//     table is, and makes it an error to put entries into it that only the
//     other kind can have. A script may set the same field in a metatable
//     of its own.
//   - A null inside a table is [Codec.Null], because a table cannot hold nil.
//     A null outside of a table is nil. Note that Null counts as true in Lua.
//   - A number that a Lua number cannot hold exactly, or not at all, such as
//     9007199254740993 or 1e400, becomes a userdata around a [Number]. Decimal
//     fractions are rounded to the nearest Lua number like everywhere else.
//
// In the other direction, a table without a mark is a list if its keys are
// 1 to n, and an object if all its keys are strings. The empty table {}
// is the empty list: a function that collects items and finds none returns it,
// and the json module of gopher-json writes the same. An empty object must
// be marked. A metatable may have __tojson, a function of the value that returns
// another one to write in its place.
//
// NaN and infinity are refused in both directions, because JSON cannot express
// them; [ForRPC] and [Codec.AllowNaN] read and write them as Python does.
//
// Integral numbers are written as integers up to 2^63, so 1 and not 1.0, and
// others in the shortest form that reads back as the same number. Keys come in
// the order in which they were put into the table. Bytes that are not UTF-8
// are replaced by U+FFFD in both directions. If an object has a key twice,
// the last value wins.
package codec

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

// MaxDepth limits the nesting of lists and objects, in both directions.
const MaxDepth = 1000

const (
	markField  = "__jsontype"
	markList   = lua.LString("list")
	markObject = lua.LString("object")
)

// Codec has the metatables for the values of one interpreter. It never changes, so
// decoding needs no lock; encoding reads tables and may call Lua, and so needs the
// interpreter's lock.
type Codec struct {
	// Null stands for null inside tables. There is one for each interpreter.
	Null *lua.LUserData

	list, object, number *lua.LTable

	nan     bool // NaN, Infinity and -Infinity are numbers
	withNaN *Codec
}

// null is the value of the userdata Null.
type null struct{}

const registryKey = "avescript.codec"

// For returns the codec of the interpreter that L belongs to.
func For(L *lua.LState) *Codec {
	if ud, ok := L.G.Registry.RawGetString(registryKey).(*lua.LUserData); ok {
		return ud.Value.(*Codec)
	}
	c := &Codec{
		Null:   L.NewUserData(),
		list:   L.NewTable(),
		object: L.NewTable(),
		number: numberMetatable(L),
	}
	c.list.RawSetString(markField, markList)
	c.object.RawSetString(markField, markObject)
	c.Null.Value = null{}
	c.Null.Metatable = L.SetFuncs(L.NewTable(), map[string]lua.LGFunction{
		"__tostring": func(L *lua.LState) int { L.Push(lua.LString("null")); return 1 },
	})

	nan := *c
	nan.nan, nan.withNaN = true, &nan
	c.withNaN = &nan

	ud := L.NewUserData()
	ud.Value = c
	L.G.Registry.RawSetString(registryKey, ud)
	return c
}

// ForRPC returns the codec for calls and answers, which allows NaN.
func ForRPC(L *lua.LState) *Codec { return For(L).AllowNaN() }

// AllowNaN returns the same codec with NaN, Infinity and -Infinity for the numbers
// that JSON does not have, as Python writes and reads them.
func (c *Codec) AllowNaN() *Codec { return c.withNaN }

// IsNull reports whether v is Null, of this interpreter or of another.
func IsNull(v lua.LValue) bool {
	ud, ok := v.(*lua.LUserData)
	return ok && ud.Value == null{}
}

// MarkList marks t as a list, even if it is empty. It fails if the table has
// another metatable.
func (c *Codec) MarkList(t *lua.LTable) error { return c.mark(t, c.list, markList) }

// MarkObject marks t as an object, even if it is empty. It fails if the table has
// another metatable.
func (c *Codec) MarkObject(t *lua.LTable) error { return c.mark(t, c.object, markObject) }

func (c *Codec) mark(t, as *lua.LTable, kind lua.LString) error {
	switch t.Metatable {
	case lua.LNil, c.list, c.object:
		t.Metatable = as
		return nil
	}
	return fmt.Errorf("the table has a metatable already: set %s = %q in it", markField, kind)
}
