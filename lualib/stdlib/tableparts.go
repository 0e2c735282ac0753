package stdlib

import (
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// tableParts is gopher-lua's table, whose fields are not exported. A test compares it with
// the original.
type tableParts struct {
	metatable lua.LValue
	array     []lua.LValue
	dict      map[lua.LValue]lua.LValue // by keys that are neither strings nor in the array
	strdict   map[string]lua.LValue
	keys      []lua.LValue       // of both maps in the order of next, with those that were removed
	k2i       map[lua.LValue]int // where they are in keys
}

func partsOf(t *lua.LTable) *tableParts { return (*tableParts)(unsafe.Pointer(t)) }

// knows reports whether next can go on from a key: the table has it, or had it.
func (p *tableParts) knows(key lua.LValue) bool {
	if isPosition(key, cap(p.array)) {
		return true
	}
	_, known := p.k2i[key]
	return known
}

// nearest returns the key from which gopher-lua's Next goes on behind key. They differ if
// the array has become shorter than key since, because a traversal has removed its end.
func (p *tableParts) nearest(key lua.LValue) lua.LValue {
	length := len(p.array)
	switch {
	case !isPosition(key, cap(p.array)) || isPosition(key, length):
		return key
	case length == 0:
		return lua.LNil
	}
	return lua.LNumber(length)
}

func isPosition(key lua.LValue, last int) bool {
	n, ok := key.(lua.LNumber)
	return ok && n >= 1 && int(n) <= last && n == lua.LNumber(int(n))
}
