package vm_test

import (
	"testing"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/vm"
)

var counters = vm.Keep(func(*lua.LState) *int { return new(int) })

func TestEachInterpreterKeepsItsOwn(t *testing.T) {
	one, other := newVM(t), newVM(t)
	with := func(v *vm.VM, fn func(L *lua.LState)) {
		_ = v.Do(t.Context(), func(L *lua.LState) error { fn(L); return nil })
	}
	with(one, func(L *lua.LState) { *counters.Of(L)++ })
	with(one, func(L *lua.LState) { *counters.Of(L)++ })
	with(other, func(L *lua.LState) { *counters.Of(L)++ })
	with(one, func(L *lua.LState) {
		if n := *counters.Of(L); n != 2 {
			t.Errorf("got %d, want what this interpreter has counted, 2", n)
		}
		counters.Set(L, new(int))
		if n := *counters.Of(L); n != 0 {
			t.Errorf("got %d, want the value that was set, 0", n)
		}
	})
	with(other, func(L *lua.LState) {
		if n := *counters.Of(L); n != 1 {
			t.Errorf("got %d, want what the other interpreter has counted, 1", n)
		}
	})
}

func BenchmarkKept(b *testing.B) {
	v := vm.New(vm.Stdio{})
	defer v.Close()
	_ = v.Do(b.Context(), func(L *lua.LState) error {
		for b.Loop() {
			counters.Of(L)
		}
		return nil
	})
}
