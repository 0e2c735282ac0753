package codec

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// Decoding mostly makes tables, and encoding reads them. gopher-lua's functions make room
// for fields one by one, and look for the place of a key before each step to the next one.

// table is a gopher-lua table, whose fields are not exported. They are compared with the
// original when the program starts.
type table struct {
	Metatable lua.LValue
	array     []lua.LValue
	dict      map[lua.LValue]lua.LValue
	strdict   map[string]lua.LValue
	keys      []lua.LValue       // in the order in which they were set; may be without a value now
	k2i       map[lua.LValue]int // the indexes of keys
}

func init() {
	theirs, ours := reflect.TypeFor[lua.LTable](), reflect.TypeFor[table]()
	for i := range theirs.NumField() {
		a, b := theirs.Field(i), ours.Field(i)
		if a.Name != b.Name || a.Type != b.Type || a.Offset != b.Offset {
			panic(fmt.Sprintf("gopher-lua's LTable has the field %s %v, not %s %v", a.Name, a.Type, b.Name, b.Type))
		}
	}
	if theirs.Size() != ours.Size() {
		panic("gopher-lua's LTable has other fields")
	}
}

func fieldsOf(t *lua.LTable) *table { return (*table)(unsafe.Pointer(t)) }

// newList makes a table with these values, none of which is nil.
func newList(members []member, metatable *lua.LTable) *lua.LTable {
	t := &table{Metatable: metatable}
	if len(members) > 0 {
		t.array = make([]lua.LValue, len(members))
		for i, m := range members {
			t.array[i] = m.value
		}
	}
	return (*lua.LTable)(unsafe.Pointer(t))
}

// newObject makes a table with these fields, whose values are not nil. Its keys are
// copied if another object had the same ones: this takes a fourth of the time.
func (t *texts) newObject(members []member, metatable *lua.LTable) *lua.LTable {
	made := &table{Metatable: metatable}
	if len(members) > 0 {
		made.strdict = make(map[string]lua.LValue, len(members))
		for _, m := range members {
			made.strdict[string(m.key.(lua.LString))] = m.value
		}
		known := &t.keys[(len(members)+len(members[0].key.(lua.LString)))%len(t.keys)]
		if !known.hasFields(members) {
			*known = newKeys(members)
		}
		made.keys, made.k2i = slices.Clone(known.keys), maps.Clone(known.k2i)
	}
	return (*lua.LTable)(unsafe.Pointer(made))
}

// objectKeys are the keys of an object.
type objectKeys struct {
	keys []lua.LValue
	k2i  map[lua.LValue]int
}

func newKeys(members []member) objectKeys {
	k := objectKeys{make([]lua.LValue, 0, len(members)), make(map[lua.LValue]int, len(members))}
	for _, m := range members {
		if _, again := k.k2i[m.key]; !again {
			k.k2i[m.key] = len(k.keys)
			k.keys = append(k.keys, m.key)
		}
	}
	return k
}

func (k *objectKeys) hasFields(members []member) bool {
	if len(members) != len(k.keys) {
		return false
	}
	for i, m := range members {
		if k.keys[i] != m.key {
			return false
		}
	}
	return true
}
