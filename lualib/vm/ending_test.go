package vm_test

import (
	"context"
	"errors"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/vm"
)

func defineWait(t *testing.T, v *vm.VM, name string, wait func(ctx context.Context)) {
	t.Helper()
	err := v.Do(t.Context(), func(L *lua.LState) error {
		L.SetGlobal(name, L.NewFunction(func(L *lua.LState) int { vm.Unlocked(L, wait); return 0 }))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestEnding tells code to end that loops or waits: it can catch that, and goes on.
func TestEnding(t *testing.T) {
	const late = 10 * time.Second
	for name, body := range map[string]string{
		"a loop":      `while true do end`,
		"a wait":      `wait()`,
		"a coroutine": `coroutine.wrap(function() pcall(wait) error("told") end)()`,
	} {
		t.Run(name, func(t *testing.T) {
			v := newVM(t)
			defineWait(t, v, "wait", func(ctx context.Context) {
				select {
				case <-ctx.Done():
				case <-time.After(late):
				}
			})
			defineWait(t, v, "rest", func(ctx context.Context) {
				if ctx.Err() != nil {
					t.Errorf("a later wait has ended, too: %v", ctx.Err())
				}
			})
			ending := v.NewEnding(func(L *lua.LState, err error) { vm.Raise(L, lua.LString(err.Error())) })
			time.AfterFunc(20*time.Millisecond, func() { ending.End(errors.New("told")); ending.End(errors.New("again")) })
			code, err := v.Load([]byte(`
local ok, e = pcall(function() `+body+` end)
for _ = 1, 10000 do end
rest()
return ok, tostring(e):match("told")`), "test.lua")
			if err != nil {
				t.Fatal(err)
			}
			err = v.DoEnding(t.Context(), ending, func(L *lua.LState) error {
				L.Push(code)
				L.Call(0, 2)
				if L.Get(-2) != lua.LFalse || L.Get(-1) != lua.LString("told") {
					t.Errorf("wanted the error, got %v, %v", L.Get(-2), L.Get(-1))
				}
				return nil
			})
			if err != nil {
				t.Errorf("got %v", err)
			}
			ending.End(errors.New("too late"))
		})
	}
}

// TestEndingWithin ends code under a context of its own, and by that of the Do.
func TestEndingWithin(t *testing.T) {
	v := newVM(t)
	told := errors.New("told")
	ending := v.NewEnding(func(L *lua.LState, err error) { vm.Raise(L, lua.LString(err.Error())) })
	ending.End(told)
	code, err := v.Load([]byte(`while true do end`), "test.lua")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	err = v.DoEnding(ctx, ending, func(L *lua.LState) error {
		inner, stop := context.WithTimeout(vm.Context(L), time.Minute)
		defer stop()
		err := vm.Within(L, inner, func(L *lua.LState) error {
			L.Push(code)
			L.Call(0, 0)
			return nil
		})
		if err == nil || err.Error() != "told" {
			t.Errorf("got %v", err)
		}
		time.AfterFunc(20*time.Millisecond, func() { cancel(errors.New("over")) })
		L.Push(code)
		L.Call(0, 0)
		return nil
	})
	if err == nil || err.Error() != "over" {
		t.Errorf("got %v", err)
	}
}

// TestEndingWithinIsToldOnce ends code that works under a context of its own and catches
// what it is told: it is left in peace meanwhile, and afterwards.
func TestEndingWithinIsToldOnce(t *testing.T) {
	v := newVM(t)
	defineWait(t, v, "wait", func(ctx context.Context) {
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	})
	told := errors.New("told")
	ending := v.NewEnding(func(L *lua.LState, err error) { vm.Raise(L, lua.LString(err.Error())) })
	define := func(name string, fn lua.LGFunction) {
		if err := v.Do(t.Context(), func(L *lua.LState) error { L.SetGlobal(name, L.NewFunction(fn)); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	define("tell", func(*lua.LState) int { ending.End(told); return 0 })
	define("within", func(L *lua.LState) int {
		fn := L.CheckFunction(1)
		inner, stop := context.WithTimeout(vm.Context(L), time.Minute)
		defer stop()
		if err := vm.Within(L, inner, func(L *lua.LState) error { L.Push(fn); L.Call(0, 0); return nil }); err != nil {
			vm.Raise(L, lua.LString(err.Error()))
		}
		return 0
	})
	code, err := v.Load([]byte(`
local undisturbed = false
local ok = pcall(within, function()
	tell()
	for _ = 1, 10000 do end
	undisturbed = true
	wait()
end)
wait()
return ok, undisturbed`), "test.lua")
	if err != nil {
		t.Fatal(err)
	}
	err = v.DoEnding(t.Context(), ending, func(L *lua.LState) error {
		L.Push(code)
		L.Call(0, 2)
		if L.Get(-2) != lua.LFalse || L.Get(-1) != lua.LTrue {
			t.Errorf("wanted an error after the change, got %v, %v", L.Get(-2), L.Get(-1))
		}
		return nil
	})
	if err != nil {
		t.Errorf("it was told again: %v", err)
	}
}
