package stdlib

import (
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"weak"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/collector"
)

// This file has weak tables. Go's collector cannot be told that a table does not keep its
// keys or values alive. So weak tables give their entries away for a collection: what they
// must not keep alive is then only held by weak pointers. What is left afterwards comes
// back. This happens when the script asks for a collection, and, so that caches do not
// grow without limit, between two instructions after a collection of Go's own: if weak
// tables have twice the entries that were left the last time, or it was long ago.

// weakTables are the tables whose metatable had __mode when it was set.
type weakTables struct {
	all   []weak.Pointer[lua.LTable]
	limit int // the length at which those that are gone are removed

	left    int         // entries after the last collection
	passed  int         // collections of Go's own since then
	watched bool        // Go's own collections are noticed
	posted  atomic.Bool // one was noticed and not yet dealt with
}

// add notes a table that setmetatable has made weak.
func (lib *library) addWeak(t *lua.LTable, meta lua.LValue) {
	if keys, values := weakMode(meta); !keys && !values {
		return
	}
	w := &lib.weak
	if !w.watched {
		w.watched = true
		to := weak.Make(lib)
		collector.Notice(func() (again bool) {
			lib := to.Value()
			if lib != nil {
				lib.collected()
			}
			return lib != nil
		})
	}
	if len(w.all) >= w.limit {
		w.prune()
		w.limit = 2*len(w.all) + 16
	}
	w.all = append(w.all, weak.Make(t))
}

// prune removes tables that are gone, and what is there twice.
func (w *weakTables) prune() {
	seen := map[weak.Pointer[lua.LTable]]bool{}
	w.all = slices.DeleteFunc(w.all, func(p weak.Pointer[lua.LTable]) bool {
		gone := p.Value() == nil || seen[p]
		seen[p] = true
		return gone
	})
}

func weakMode(meta lua.LValue) (keys, values bool) {
	t, ok := meta.(*lua.LTable)
	if !ok {
		return false, false
	}
	mode, _ := t.RawGetString("__mode").(lua.LString)
	return strings.Contains(string(mode), "k"), strings.Contains(string(mode), "v")
}

// collect runs Go's collector while the weak tables have given their entries away.
func (w *weakTables) collect() {
	w.prune()
	taken := make([]*takenEntries, 0, len(w.all))
	for _, p := range w.all {
		if e := takeEntries(p); e != nil {
			taken = append(taken, e)
		}
	}
	runtime.GC()
	for _, e := range taken {
		e.giveBack()
	}
	w.left, w.passed = w.entries(), 0
}

// entries returns how many entries all weak tables have.
func (w *weakTables) entries() (n int) {
	for _, p := range w.all {
		if t := p.Value(); t != nil {
			parts := partsOf(t)
			n += len(parts.array) + len(parts.strdict) + len(parts.dict)
		}
	}
	return n
}

// due reports whether weak tables should give entries away after a collection of Go's own.
func (w *weakTables) due() bool {
	const rarely = 8
	n := w.entries()
	w.passed++
	return n > 2*w.left || n > 0 && w.passed >= rarely
}

// collected is called after a collection of Go's own, on a goroutine of Go's.
func (lib *library) collected() {
	if lib.weak.posted.Swap(true) {
		return
	}
	lib.host.Later(func(*lua.LState) {
		lib.weak.posted.Store(false)
		if !lib.stopped && lib.weak.due() {
			lib.weak.collect()
		}
	})
}

// takenEntries are the entries that a weak table has given away. It does not keep the
// table alive.
type takenEntries struct {
	table weak.Pointer[lua.LTable]
	array []takenEntry // keys are the positions
	hash  []takenEntry
	order []takenEntry // keys that next goes through; without values
}

type takenEntry struct {
	at         int // where it is in the array or among the keys of next
	key, value maybeGone
}

// maybeGone is a value that is held by a weak pointer if it must not be kept alive.
type maybeGone struct {
	strong lua.LValue
	weak   func() lua.LValue
}

func takeEntries(p weak.Pointer[lua.LTable]) *takenEntries {
	t := p.Value()
	if t == nil {
		return nil
	}
	keys, values := weakMode(t.Metatable)
	if !keys && !values {
		return nil
	}
	e := &takenEntries{table: p}
	parts := partsOf(t)
	if values {
		e.takeArray(parts)
		for key, value := range parts.strdict {
			if isCollectable(value) {
				e.hash = append(e.hash, takenEntry{key: maybeGone{strong: lua.LString(key)}, value: held(value, true)})
				delete(parts.strdict, key)
			}
		}
	}
	for key, value := range parts.dict {
		if keys && isCollectable(key) || values && isCollectable(value) {
			e.hash = append(e.hash, takenEntry{key: held(key, keys), value: held(value, values)})
			delete(parts.dict, key)
		}
	}
	if keys {
		e.takeOrder(parts)
	}
	return e
}

func (e *takenEntries) takeArray(parts *tableParts) {
	for i, value := range parts.array {
		if isCollectable(value) {
			e.array = append(e.array, takenEntry{at: i, value: held(value, true)})
			parts.array[i] = lua.LNil
		}
	}
}

// takeOrder takes the keys out of the order of next, which keeps them even after they have
// been removed from the table.
func (e *takenEntries) takeOrder(parts *tableParts) {
	for i, key := range parts.keys {
		if isCollectable(key) {
			e.order = append(e.order, takenEntry{at: i, key: held(key, true)})
			parts.keys[i] = lua.LNil
			delete(parts.k2i, key)
		}
	}
}

func (e *takenEntries) giveBack() {
	t := e.table.Value()
	if t == nil {
		return
	}
	parts := partsOf(t)
	for _, entry := range e.array {
		if value := entry.value.get(); value != nil {
			parts.array[entry.at] = value
		}
	}
	gone := 0
	for _, entry := range e.order {
		if key := entry.key.get(); key != nil {
			parts.keys[entry.at] = key
			parts.k2i[key] = entry.at
		} else {
			gone++
		}
	}
	for _, entry := range e.hash {
		if key, value := entry.key.get(), entry.value.get(); key != nil && value != nil {
			t.RawSetH(key, value)
		}
	}
	if gone > len(parts.keys)/2 {
		parts.closeGaps()
	}
}

// closeGaps removes the places of keys that are gone from the order of next.
func (p *tableParts) closeGaps() {
	p.keys = slices.DeleteFunc(p.keys, func(key lua.LValue) bool { return key == lua.LNil })
	clear(p.k2i)
	for i, key := range p.keys {
		p.k2i[key] = i
	}
}

// isCollectable reports whether weak tables lose a value. Strings are values, as numbers.
func isCollectable(v lua.LValue) bool {
	switch v.(type) {
	case *lua.LTable, *lua.LFunction, *lua.LUserData, *lua.LState:
		return true
	}
	return false
}

// held returns a holder that keeps the value alive, unless it is weak.
func held(v lua.LValue, isWeak bool) maybeGone {
	if isWeak {
		switch v := v.(type) {
		case *lua.LTable:
			return maybeGone{weak: weakly(v)}
		case *lua.LFunction:
			return maybeGone{weak: weakly(v)}
		case *lua.LUserData:
			return maybeGone{weak: weakly(v)}
		case *lua.LState:
			return maybeGone{weak: weakly(v)}
		}
	}
	return maybeGone{strong: v}
}

func weakly[T any, P interface {
	*T
	lua.LValue
}](v P) func() lua.LValue {
	pointer := weak.Make((*T)(v))
	return func() lua.LValue {
		if v := pointer.Value(); v != nil {
			return P(v)
		}
		return nil
	}
}

// get returns the value, or nil if it is gone.
func (m maybeGone) get() lua.LValue {
	if m.weak != nil {
		return m.weak()
	}
	return m.strong
}
