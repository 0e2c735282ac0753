// Package codec turns Lua values into JSON and back, directly: no tree of Go
// values is built in between, since every call between services passes here
// twice.
//
// What was received can be sent on unchanged, so the decoder keeps apart what
// Lua by itself does not:
//
//   - An array becomes a table whose metatable has __jsontype = "list", an
//     object one with __jsontype = "object". The mark decides what the table
//     is when nothing is in it, and makes it an error to put into it what the
//     other kind would hold. A script may set the same field in a metatable
//     of its own.
//   - A null inside a table is [Codec.Null], because a nil would not be there.
//     A null that stands alone is nil. Mind that Null counts as true in Lua.
//   - A number that a Lua number cannot hold exactly, or not at all, such as
//     9007199254740993 or 1e400, becomes a userdata around a [Number]. Decimal
//     fractions are rounded to the nearest Lua number like everywhere else.
//
// In the other direction, a table without a mark is a list if it has the keys
// 1 to n alone, and an object if all its keys are strings. The empty table {}
// is the empty list: a function that collects items and finds none returns it,
// and the json module of gopher-json writes the same. Who means an object
// marks it. A metatable may have __tojson, a function of the value that gives
// another one to write in its place.
//
// Integral numbers are written as integers up to 2^63, so 1 and not 1.0, and
// others in the shortest form that reads back as the same number. Keys come in
// the order in which they were put into the table. Bytes that are not UTF-8
// are replaced by U+FFFD in both directions. Of two equal keys in an object
// the last wins.
package codec

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

// MaxDepth is how deeply lists and objects may be nested, in both directions.
const MaxDepth = 1000

const (
	markField  = "__jsontype"
	markList   = lua.LString("list")
	markObject = lua.LString("object")
)

// Codec holds the metatables that one interpreter's values get. It does not
// change after it was made; decoding therefore needs no lock, while encoding
// reads tables and may call Lua, and so needs the interpreter's.
type Codec struct {
	// Null stands for null inside tables, and is the same for all of an
	// interpreter.
	Null *lua.LUserData

	list, object, number *lua.LTable

	main *lua.LState // for CreateTable alone, which does not touch it
}

// null is the value of the userdata that is Null in its interpreter.
type null struct{}

const registryKey = "avescript.codec"

// For gives the codec of the interpreter that L is a thread of.
func For(L *lua.LState) *Codec {
	if ud, ok := L.G.Registry.RawGetString(registryKey).(*lua.LUserData); ok {
		return ud.Value.(*Codec)
	}
	c := &Codec{
		Null:   L.NewUserData(),
		list:   L.NewTable(),
		object: L.NewTable(),
		number: numberMetatable(L),
		main:   L.G.MainThread,
	}
	c.list.RawSetString(markField, markList)
	c.object.RawSetString(markField, markObject)
	c.Null.Value = null{}
	c.Null.Metatable = L.SetFuncs(L.NewTable(), map[string]lua.LGFunction{
		"__tostring": func(L *lua.LState) int { L.Push(lua.LString("null")); return 1 },
	})

	ud := L.NewUserData()
	ud.Value = c
	L.G.Registry.RawSetString(registryKey, ud)
	return c
}

// IsNull reports whether v is Null, of this interpreter or of another.
func IsNull(v lua.LValue) bool {
	ud, ok := v.(*lua.LUserData)
	return ok && ud.Value == null{}
}

// MarkList makes t a list, also while it is empty. A table with a metatable of
// its own is refused.
func (c *Codec) MarkList(t *lua.LTable) error { return c.mark(t, c.list, markList) }

// MarkObject makes t an object, also while it is empty. A table with a
// metatable of its own is refused.
func (c *Codec) MarkObject(t *lua.LTable) error { return c.mark(t, c.object, markObject) }

func (c *Codec) mark(t, as *lua.LTable, kind lua.LString) error {
	switch t.Metatable {
	case lua.LNil, c.list, c.object:
		t.Metatable = as
		return nil
	}
	return fmt.Errorf("wanted a table without a metatable, got one with: set %s = %q in that", markField, kind)
}
