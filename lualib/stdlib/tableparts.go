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
	if n, ok := key.(lua.LNumber); ok && n >= 1 && int(n) <= len(p.array) && n == lua.LNumber(int(n)) {
		return true
	}
	_, known := p.k2i[key]
	return known
}
