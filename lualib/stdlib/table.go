package stdlib

import (
	lua "github.com/yuin/gopher-lua"
)

// The table library, except sort. Access is raw, as in the reference.

var tableFunctions = []function{
	{"concat", tableConcat},
	{"foreach", tableForeach},
	{"foreachi", tableForeachi},
	{"getn", tableGetn},
	{"insert", tableInsert},
	{"maxn", tableMaxn},
	{"remove", tableRemove},
	{"setn", tableSetn},
	{"sort", tableSort},
}

func openTable(L *lua.LState) {
	setFunctions(L, L.GetGlobal("table").(*lua.LTable), tableFunctions)
}

// rawGet returns t[i] for any integer; RawGetInt only knows the array part.
func rawGet(t *lua.LTable, i int) lua.LValue {
	if i > 0 && i < lua.MaxArrayIndex {
		return t.RawGetInt(i)
	}
	return t.RawGet(lua.LNumber(i))
}

func tableConcat(a args) int {
	separator := a.stringOr(2, "") // checked first, as in the reference
	t := a.table(1)
	first := a.integerOr(3, 1)
	last := a.integerOr(4, t.Len())
	out := newText(a.L)
	for i := first; i <= last; i++ {
		value := rawGet(t, i)
		text, ok := toString(value)
		if !ok {
			a.fail("invalid value (%s) at index %d in table for 'concat'", value.Type(), i)
		}
		if i > first {
			out.add(separator)
		}
		out.add(text)
	}
	return a.pushString(out.String())
}

func tableForeach(a args) int {
	t, fn := a.table(1), a.function(2)
	w := work{L: a.L} // the function may be one in Go
	for key, value := next(t, lua.LNil); key != lua.LNil; key, value = next(t, key) {
		w.step(1)
		if a.visit(fn, key, value) {
			return 1
		}
	}
	return 0
}

func tableForeachi(a args) int {
	t, fn := a.table(1), a.function(2)
	n := t.Len()
	w := work{L: a.L}
	for i := 1; i <= n; i++ {
		w.step(1)
		if a.visit(fn, lua.LNumber(i), rawGet(t, i)) {
			return 1
		}
	}
	return 0
}

// visit calls fn and leaves its result on the stack, unless that is nil.
func (a args) visit(fn *lua.LFunction, key, value lua.LValue) bool {
	a.L.Push(fn)
	a.L.Push(key)
	a.L.Push(value)
	a.L.Call(2, 1)
	if a.L.Get(-1) != lua.LNil {
		return true
	}
	a.L.Pop(1)
	return false
}

func tableGetn(a args) int { return a.pushNumber(float64(a.table(1).Len())) }

func tableSetn(a args) int {
	a.table(1)
	a.fail("'setn' is obsolete")
	return 0
}

func tableInsert(a args) int {
	t := a.table(1)
	end := t.Len() + 1
	switch a.top() {
	case 2:
		t.RawSetInt(end, a.L.Get(2))
	case 3:
		a.insertAt(t, a.integer(2), end, a.L.Get(3))
	default:
		a.fail("wrong number of arguments to 'insert'")
	}
	return 0
}

// insertAt inserts a value into a table that has no values from end on.
func (a args) insertAt(t *lua.LTable, position, end int, value lua.LValue) {
	switch {
	case position >= end:
		t.RawSet(lua.LNumber(position), value)
	case position >= 1:
		t.Insert(position, value)
	default:
		w := work{L: a.L}
		for i := end; i > position; i-- {
			w.step(1)
			t.RawSet(lua.LNumber(i), rawGet(t, i-1))
		}
		t.RawSet(lua.LNumber(position), value)
	}
}

func tableMaxn(a args) int {
	largest := 0.0
	w := work{L: a.L}
	a.table(1).ForEach(func(key, _ lua.LValue) {
		w.step(1)
		if n, ok := key.(lua.LNumber); ok {
			largest = max(largest, float64(n))
		}
	})
	return a.pushNumber(largest)
}

func tableRemove(a args) int {
	t := a.table(1)
	n := t.Len()
	position := a.integerOr(2, n)
	if position < 1 || position > n {
		return 0
	}
	removed := rawGet(t, position)
	if position < n {
		t.Remove(position)
	} else {
		// Remove takes the last cell of the array, which may be after the last
		// value if that was set to nil before.
		for t.Remove(-1) == lua.LNil {
		}
	}
	a.L.Push(removed)
	return 1
}

func baseUnpack(a args) int {
	t := a.table(1)
	first := a.integerOr(2, 1)
	last := a.integerOr(3, t.Len())
	if first > last {
		return 0
	}
	n := last - first + 1
	// The difference of two integers can overflow.
	if n <= 0 || n > a.room() {
		a.fail("too many results to unpack")
	}
	for i := first; i <= last; i++ {
		a.L.Push(rawGet(t, i))
	}
	return n
}
