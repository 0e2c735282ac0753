package mainloop

import (
	"math"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bytecode"
)

// longestChain limits how many values __index and __newindex lead through.
const longestChain = 100

// firstArray is the size of the array part when a list gets its first value.
const firstArray = 4

func newTable(array, hash int) *lua.LTable {
	made := &lua.LTable{Metatable: lua.LNil}
	t := tableOf(made)
	if array > 0 {
		t.array = make([]lua.LValue, 0, array)
	}
	if hash > 0 {
		t.strdict = make(map[string]lua.LValue, hash)
	}
	return made
}

// self prepares the call of a method: the function and its first argument.
func (m *machine) self(inst uint32) {
	a := bytecode.A(inst)
	obj := m.window[inst&0xff]
	key := m.c(inst)
	var v lua.LValue
	name, _ := key.(lua.LString)
	if t, ok := obj.(*lua.LTable); !ok {
		v = m.index(obj, key)
	} else if v, ok = tableOf(t).strdict[string(name)]; !ok {
		v = m.inherited(t, key)
	}
	m.window[a] = v
	m.window[(a+1)&0xff] = obj
}

// rawGet returns an entry of a table without metamethods.
func rawGet(of *lua.LTable, key lua.LValue) lua.LValue {
	t := tableOf(of)
	switch key := key.(type) {
	case lua.LString:
		if v, ok := t.strdict[string(key)]; ok {
			return v
		}
		return lua.LNil
	case lua.LNumber:
		if i := int(key) - 1; uint(i) < uint(len(t.array)) && lua.LNumber(i+1) == key {
			return t.array[i]
		}
		if t.dict == nil {
			return lua.LNil
		}
	}
	return of.RawGet(key)
}

// index returns obj[key].
func (m *machine) index(obj, key lua.LValue) lua.LValue {
	if t, ok := obj.(*lua.LTable); ok {
		if v := rawGet(t, key); !isNil(v) {
			return v
		}
		return m.inherited(t, key)
	}
	handler := m.metamethod(obj, "__index")
	if isNil(handler) {
		m.cannotIndex(obj, true)
	}
	return m.indexBy(handler, obj, key)
}

// inherited returns t[key] if t itself has no such entry.
func (m *machine) inherited(t *lua.LTable, key lua.LValue) lua.LValue {
	handler := field(t.Metatable, "__index")
	if isNil(handler) {
		return lua.LNil
	}
	return m.indexBy(handler, t, key)
}

// indexBy returns obj[key] by the __index of obj, the first value of the chain.
func (m *machine) indexBy(handler, obj, key lua.LValue) lua.LValue {
	for passed := 1; ; passed++ {
		if _, ok := handler.(*lua.LFunction); ok {
			return m.call2(handler, obj, key)
		}
		if passed == longestChain {
			m.raise("loop in gettable")
		}
		obj = handler
		if t, ok := obj.(*lua.LTable); ok {
			if v := rawGet(t, key); !isNil(v) {
				return v
			}
			if handler = field(t.Metatable, "__index"); isNil(handler) {
				return lua.LNil
			}
		} else if handler = m.metamethod(obj, "__index"); isNil(handler) {
			m.cannotIndex(obj, false)
		}
	}
}

// setIndex does obj[key] = v.
func (m *machine) setIndex(obj, key, v lua.LValue) {
	named := true
	for range longestChain {
		var handler lua.LValue
		if t, ok := obj.(*lua.LTable); ok {
			if isNil(t.Metatable) || !isNil(rawGet(t, key)) {
				m.rawSet(t, key, v)
				return
			}
			if handler = field(t.Metatable, "__newindex"); isNil(handler) {
				m.rawSet(t, key, v)
				return
			}
		} else if handler = m.metamethod(obj, "__newindex"); isNil(handler) {
			m.cannotIndex(obj, named)
		}
		if _, ok := handler.(*lua.LFunction); ok {
			m.call3(handler, obj, key, v)
			return
		}
		obj, named = handler, false
	}
	m.raise("loop in settable")
}

// setField is setIndex for a key that is probably a string.
func (m *machine) setField(obj, key, v lua.LValue) {
	if of, ok := obj.(*lua.LTable); ok && !isNil(v) {
		if name, ok := key.(lua.LString); ok {
			t := tableOf(of)
			if isNil(of.Metatable) {
				t.putString(name, key, v)
				return
			}
			if _, ok := t.strdict[string(name)]; ok {
				t.strdict[string(name)] = v
				return
			}
		}
	}
	m.setIndex(obj, key, v)
}

// rawSet sets an entry of a table without metamethods.
func (m *machine) rawSet(of *lua.LTable, key, v lua.LValue) {
	t := tableOf(of)
	switch k := key.(type) {
	case lua.LString:
		t.setString(k, key, v)
		return
	case lua.LNumber:
		if i := int(k) - 1; uint(i) < uint(lua.MaxArrayIndex-1) && lua.LNumber(i+1) == k {
			if i <= len(t.array) {
				t.setElement(i, v)
				return
			}
			if isNil(v) {
				return // there is nothing so far behind
			}
		}
		if math.IsNaN(float64(k)) {
			m.raise("table index is NaN")
		}
	case *lua.LNilType:
		m.raise("table index is nil")
	}
	if len(t.keys) == cap(t.keys) && !isNil(v) {
		if _, ok := t.k2i[key]; !ok {
			t.tidy()
		}
	}
	of.RawSet(key, v)
}

// setElement sets an element of the array part, or the one after the last. Without its
// last elements the array is shorter, because # and what is added begin at its end.
func (t *table) setElement(i int, v lua.LValue) {
	switch {
	case i < len(t.array):
		t.array[i] = v
		if i == len(t.array)-1 && isNil(v) {
			for i > 0 && isNil(t.array[i-1]) {
				i--
			}
			t.array = t.array[:i]
		}
	case isNil(v):
	case t.array == nil:
		t.array = append(make([]lua.LValue, 0, firstArray), v)
	default:
		t.array = append(t.array, v)
	}
}

// setString sets a field. key is the name as a value.
func (t *table) setString(name lua.LString, key, v lua.LValue) {
	if isNil(v) {
		delete(t.strdict, string(name))
		return
	}
	t.putString(name, key, v)
}

// putString sets a field to a value that is not nil. A field that the table did not have
// is the next one in the order of traversal, unless it has a place there from earlier.
func (t *table) putString(name lua.LString, key, v lua.LValue) {
	if t.strdict == nil {
		t.strdict = map[string]lua.LValue{}
	}
	size := len(t.strdict)
	t.strdict[string(name)] = v
	if len(t.strdict) == size {
		return
	}
	if t.keys == nil {
		t.keys, t.k2i = make([]lua.LValue, 0, firstArray), map[lua.LValue]int{}
	}
	if _, ok := t.k2i[key]; !ok {
		t.tidy()
		t.k2i[key] = len(t.keys)
		t.keys = append(t.keys, key)
	}
}

// tidy makes room for a new key, if there is none and most keys are of fields that were
// removed. A traversal need not go on after a new key was added, so the places may change.
func (t *table) tidy() {
	if len(t.keys) < cap(t.keys) || len(t.keys) < 2*(len(t.strdict)+len(t.dict)) {
		return
	}
	n := 0
	for _, key := range t.keys {
		if t.has(key) {
			t.keys[n], t.k2i[key] = key, n
			n++
		} else {
			delete(t.k2i, key)
		}
	}
	clear(t.keys[n:])
	t.keys = t.keys[:n]
}

// has reports whether there is a field with a key that is not one of the array part.
func (t *table) has(key lua.LValue) (ok bool) {
	if name, isName := key.(lua.LString); isName {
		_, ok = t.strdict[string(name)]
	} else {
		_, ok = t.dict[key]
	}
	return ok
}

// setList stores a batch of a list constructor.
func (m *machine) setList(inst uint32) {
	f := m.frame
	a, n, batch := bytecode.A(inst), bytecode.B(inst), bytecode.C(inst)
	if batch == 0 {
		batch = int(m.code[f.Pc])
		f.Pc++
	}
	first := f.LocalBase + a + 1
	open := n == 0
	if open {
		n = m.reg.top - first
	}
	list := m.window[a].(*lua.LTable)
	t := tableOf(list)
	offset := (batch - 1) * lua.FieldsPerFlush
	values := m.reg.array[first : first+n]
	if len(t.array) == offset {
		t.array = append(t.array, values...)
	} else {
		for i, v := range values {
			list.RawSetInt(offset+i+1, v)
		}
	}
	if open {
		m.settle()
	}
}

// length is the operator #.
func (m *machine) length(inst uint32) {
	switch v := m.b(inst).(type) {
	case lua.LString:
		m.setNumber(inst, float64(len(v)))
	case *lua.LTable: // __len is for userdata only
		m.setNumber(inst, float64(v.Len()))
	default:
		handler := m.metamethod(v, "__len")
		if isNil(handler) {
			m.typeError("get length of", bytecode.B(inst), v)
		}
		result := m.call2(handler, v, lua.LNil)
		m.set(inst, result)
	}
}
