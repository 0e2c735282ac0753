package suite

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// words are the global functions for tests.
var words = []string{
	"describe", "context", "insulate", "expose",
	"it", "spec", "test", "pending", "finally",
	"setup", "teardown", "lazy_setup", "lazy_teardown", "strict_setup", "strict_teardown",
	"before_each", "after_each",
	"eventually", "xfail", "randomize",
}

// Install makes the words global, and makes assert indexable: assert.equals.
func Install(v *vm.VM, L *lua.LState) {
	globals := v.Globals()
	s := of(L)
	v.TestRun = s
	s.require = globals.RawGetString("require").(*lua.LFunction)
	s.assert = globals.RawGetString("assert").(*lua.LFunction)
	s.globals = map[lua.LValue]string{}
	for _, word := range words {
		fn := L.NewFunction(s.word(word))
		s.globals[fn] = word
		globals.RawSetString(word, fn)
	}
	for word, module := range lazyWords {
		table := s.lazy(L, module)
		s.globals[table] = word
		globals.RawSetString(word, table)
	}
	preload := globals.RawGetString("package").(*lua.LTable).RawGetString("preload").(*lua.LTable)
	preload.RawSetString(host.Name, L.NewFunction(func(L *lua.LState) int {
		s.used = true
		L.Push(host.Open(L))
		return 1
	}))
	s.indexFunctions(L)
}

// IsOwn reports whether a module belongs to the harness. Such a module stores what
// tests declare and change, so there must not be a second copy of it.
func IsOwn(module string) bool {
	root, _, _ := strings.Cut(module, ".")
	return strings.HasPrefix(module, "ave.test") || root == "busted" || root == "luassert" || root == "say"
}

// word returns the global function of a name. It passes its arguments to the
// module's function.
func (s *session) word(name string) lua.LGFunction {
	return func(L *lua.LState) int {
		s.load(L)
		n := L.GetTop()
		L.Insert(s.words.RawGetString(name), 1)
		L.Call(n, lua.MultRet)
		return L.GetTop()
	}
}

// lazyWords are the global tables for tests, and their modules.
var lazyWords = map[string]string{
	"spy":   "luassert.spy",
	"stub":  "luassert.stub",
	"mock":  "luassert.mock",
	"match": "luassert.match",
}

// lazy returns a table that stands for a module, which is loaded on first use.
func (s *session) lazy(L *lua.LState, module string) *lua.LTable {
	load := func(L *lua.LState) lua.LValue { return bind.Invoke(L, s.require, module) }
	meta := L.CreateTable(0, 2)
	meta.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		L.Push(L.GetTable(load(L), L.Get(2)))
		return 1
	}))
	meta.RawSetString("__call", L.NewFunction(func(L *lua.LState) int {
		L.Replace(1, load(L))
		L.Call(L.GetTop()-1, lua.MultRet)
		return L.GetTop()
	}))
	table := L.CreateTable(0, 0)
	table.Metatable = meta
	return table
}

// indexFunctions sets the metatable of functions, which all functions share, so
// that assert and the words can be indexed. For other functions the error is the
// same as without it.
func (s *session) indexFunctions(L *lua.LState) {
	meta := L.CreateTable(0, 3)
	meta.RawSetString("__metatable", lua.LFalse)
	meta.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		fn, key := L.Get(1), L.Get(2)
		if s.isAssert(L, fn) {
			L.Push(L.GetTable(s.chains(L), key))
			return 1
		}
		L.Push(s.field(L, fn, key))
		return 1
	}))
	meta.RawSetString("__newindex", L.NewFunction(func(L *lua.LState) int {
		if !s.isAssert(L, L.Get(1)) {
			refuseIndex(L)
		}
		L.SetTable(s.chains(L), L.Get(2), L.Get(3))
		return 0
	}))
	L.SetMetatable(s.assert, meta)
}

// isAssert reports whether a function is ours or has replaced the global one: compat53 does so,
// and under busted tests keep luassert's nevertheless.
func (s *session) isAssert(L *lua.LState, fn lua.LValue) bool {
	return fn == s.assert || fn == L.G.Global.RawGetString("assert")
}

func refuseIndex(L *lua.LState) {
	vm.Raise(L, lua.LString(vm.Where(L)+"attempt to index a function value"))
}

// field returns a field of a word: it.each.
func (s *session) field(L *lua.LState, fn, key lua.LValue) lua.LValue {
	if name, ok := s.globals[fn]; ok {
		s.load(L)
		fn = lua.LString(name)
	} else if s.words == nil {
		refuseIndex(L)
	}
	field := bind.Invoke(L, s.each.RawGetString("field"), fn, key)
	if field == lua.LNil {
		refuseIndex(L)
	}
	return field
}

// chains returns the module with what follows "assert.".
func (s *session) chains(L *lua.LState) *lua.LTable {
	if s.assertions == nil {
		s.assertions = bind.Invoke(L, s.require, "ave.test.checks").(*lua.LTable)
	}
	return s.assertions
}
