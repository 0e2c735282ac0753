package suite

import (
	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// words are the global functions that tests are written with.
var words = []string{
	"describe", "context", "insulate", "expose",
	"it", "spec", "test", "pending", "finally",
	"setup", "teardown", "lazy_setup", "lazy_teardown", "strict_setup", "strict_teardown",
	"before_each", "after_each",
	"eventually",
}

// Install makes the words global, and lets assert be indexed: assert.equals.
func Install(v *vm.VM, L *lua.LState) {
	globals := v.Globals()
	s := &session{
		require: globals.RawGetString("require").(*lua.LFunction),
		assert:  globals.RawGetString("assert").(*lua.LFunction),
	}
	v.Attached[sessionKey{}] = s
	for _, word := range words {
		globals.RawSetString(word, L.NewFunction(s.word(word)))
	}
	preload := globals.RawGetString("package").(*lua.LTable).RawGetString("preload").(*lua.LTable)
	preload.RawSetString(host.Name, L.NewFunction(func(L *lua.LState) int {
		s.used = true
		L.Push(host.Open(L))
		return 1
	}))
	s.indexAssert(L)
}

// word is the global function of a name. It passes its arguments on to the
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

// indexAssert gives functions a metatable, which all of them share, and in
// which assert alone can be indexed. For the others the error stays what it is
// without one.
func (s *session) indexAssert(L *lua.LState) {
	meta := L.NewTable()
	meta.RawSetString("__metatable", lua.LFalse)
	meta.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		if L.Get(1) != s.assert {
			vm.Raise(L, lua.LString(vm.Where(L)+"attempt to index a function value"))
		}
		word := L.Get(2)
		L.Push(bind.Invoke(L, s.chain(L), word))
		return 1
	}))
	L.SetMetatable(s.assert, meta)
}

// chain is the function that finds what follows "assert.".
func (s *session) chain(L *lua.LState) *lua.LFunction {
	if s.assertions == nil {
		module := bind.Invoke(L, s.require, "ave.test.checks").(*lua.LTable)
		s.assertions = module.RawGetString("index").(*lua.LFunction)
	}
	return s.assertions
}
