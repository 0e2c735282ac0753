package repl

import (
	"sort"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bind"
	"avescript/lualib/manual"
	"avescript/lualib/syntax"
	"avescript/lualib/vm"
)

// Looking at values while somebody types. This runs no code of scripts, so it calls no
// __index functions. It follows classes, and tables that stand for other tables.

const (
	mostFields = 2000 // of a table
	deepest    = 50   // classes
)

// globals are the names of all scripts, and what they mean.
type globals struct {
	L      *lua.LState
	hasAve bool // the variable ave is made when it is first used

	library    lua.LValue  // the function require, whatever scripts put in its place
	documented *documented // what the manual knows
	results    *results    // what the prompt keeps

	scope *scope // whose variables come first, nil for none
}

// find gives the value of a path of names, nil if it is not known.
func (g globals) find(path []string) lua.LValue {
	var v lua.LValue
	for i, name := range path {
		if i == 0 && !isNameByte(name[0]) {
			v = lua.LString("") // a string, whose text does not matter
		} else if i == 0 {
			v = g.global(name)
		} else {
			v = g.field(v, name)
		}
		if v == nil || v == lua.LNil {
			return nil
		}
	}
	return v
}

// global gives a variable.
func (g globals) global(name string) lua.LValue {
	v, ok := g.scope.variable(lua.LString(name))
	if ok {
		return v
	}
	if g.scope != nil {
		if v := g.field(g.scope.environment(), name); v != nil {
			return v
		}
	}
	v = g.L.G.Global.RawGetString(name)
	if v == lua.LNil && name == "ave" && g.hasAve {
		return g.require("ave")
	}
	if v == lua.LNil && g.results != nil {
		v = g.results.find(name)
	}
	return v
}

// require loads a module of avescript.
func (g globals) require(name string) lua.LValue {
	if !strings.HasPrefix(name+".", "ave.") {
		return nil
	}
	if v := g.loaded().RawGetString(name); v != lua.LNil {
		return v
	}
	return bind.Invoke(g.L, g.library, name)
}

func (g globals) loaded() *lua.LTable { return vm.Of(g.L).Loaded() }

// chain is a value's tables: itself, and the tables in which its fields are looked for. It
// is empty for nil.
func (g globals) chain(v lua.LValue) (tables []*lua.LTable) {
	if v == nil {
		return nil
	}
	for range deepest {
		if t, ok := v.(*lua.LTable); ok {
			tables = append(tables, t)
		}
		meta, ok := g.L.GetMetatable(v).(*lua.LTable)
		if !ok {
			return tables
		}
		next := meta.RawGetString("__index")
		if bind.IsClass(meta) && next.Type() != lua.LTTable {
			next = meta // RemoteControl looks its own methods up first
		}
		if next.Type() != lua.LTTable || next == v {
			return tables
		}
		v = next
	}
	return tables
}

func (g globals) field(v lua.LValue, name string) lua.LValue {
	for _, t := range g.chain(v) {
		if found := t.RawGetString(name); found != lua.LNil {
			return found
		}
	}
	if place, ok := g.roof(v).RawGetString(name).(*lua.LTable); ok {
		module := g.require(place.RawGetInt(1).String())
		if inside, ok := place.RawGetInt(2).(lua.LString); ok && module != nil {
			return g.field(module, string(inside))
		}
		return module
	}
	return nil
}

// roof are the fields of ave that are not loaded yet, with their modules. For any other
// value there are none.
func (g globals) roof(v lua.LValue) *lua.LTable {
	if v != nil && v == g.loaded().RawGetString("ave") {
		if meta, ok := g.L.GetMetatable(v).(*lua.LTable); ok {
			if roof, ok := meta.RawGetString("__names").(*lua.LTable); ok {
				return roof
			}
		}
	}
	return g.L.NewTable()
}

// names lists the fields of a value, sorted. Those that Lua itself uses are left out.
func (g globals) names(v lua.LValue) []string {
	seen := map[string]bool{}
	for _, t := range append(g.chain(v), g.roof(v)) {
		for key, _ := t.Next(lua.LNil); key != lua.LNil && len(seen) < mostFields; key, _ = t.Next(key) {
			if s, ok := key.(lua.LString); ok && syntax.IsName(string(s)) && !strings.HasPrefix(string(s), "__") {
				seen[string(s)] = true
			}
		}
	}
	names := make([]string, 0, len(seen))
	for name := range seen {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// manualOf finds what the manual says about a function, a method of an object, or what
// makes objects of a class.
func (g globals) manualOf(owner lua.LValue, name string, v lua.LValue) (manual.Entry, bool) {
	if class, ok := v.(*lua.LTable); ok && bind.IsClass(class) {
		v = g.field(class, "init")
	}
	known, ok := g.documented.in(g.L)[v]
	if !ok {
		return manual.Entry{}, false
	}
	return manual.Find(known)
}
