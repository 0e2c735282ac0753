package vm

import lua "github.com/yuin/gopher-lua"

// forget clears the registers above the running functions of L's Lua stack, and of the
// stacks that wait for it: values that are left there would stay alive. All these
// functions are in Go, because a thread only waits in one.
func forget(L *lua.LState) {
	const most = 256 // registers of a function
	for t := threadOf(L); t != nil; t = t.parent {
		top := t.L.GetTop()
		t.L.SetTop(top + most)
		t.L.SetTop(top)
	}
}

// try runs fn on a stack of its own, and discards an error of Lua code in it.
func try(L *lua.LState, fn func(L *lua.LState)) {
	t := threadOf(L).callee()
	if t.try(func() { fn(t.L) }, nil) == nil {
		t.vm.release(t)
	}
}
