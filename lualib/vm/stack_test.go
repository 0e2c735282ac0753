package vm_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/vm"
)

// shown has the calls of a stack with their variables, the upvalues behind a bar.
func shownStack(s *vm.Stack) string {
	var calls []string
	for i, f := range s.Frames() {
		if f.Source == "" {
			continue
		}
		text := fmt.Sprint(f.Line)
		for _, v := range s.Variables(i) {
			mark := " "
			if v.Upvalue {
				mark = " |"
			}
			text += mark + v.Name + "=" + vm.Line(v)
		}
		calls = append(calls, text)
	}
	return strings.Join(calls, "; ")
}

const stacked = `local up = 1
local function inner(x)
	local x, y = x + up, "y"
	for i = 1, 1 do
		look(x)
	end
	return x .. y .. up
end
function outer()
	local n = 2
	local ok, r = pcall(function() return (inner(n)) end)
	return r
end`

func load(t *testing.T, v *vm.VM, source string) {
	t.Helper()
	fn, err := v.Load([]byte(source), "it")
	if err != nil {
		t.Fatal(err)
	}
	do(t, v, func(L *lua.LState) error {
		L.Push(fn)
		L.Call(0, 0)
		return nil
	})
}

func do(t *testing.T, v *vm.VM, fn func(L *lua.LState) error) {
	t.Helper()
	if err := v.Do(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func TestStackOfCodeThatWaits(t *testing.T) {
	v := newVM(t)
	var s *vm.Stack
	do(t, v, func(L *lua.LState) error {
		L.SetGlobal("look", L.NewFunction(func(L *lua.LState) int {
			s = vm.StackOf(L)
			defer s.Close()
			if got, want := shownStack(s), `5 i=1 y="y" x=3 |up=1; 11 |inner=`; !strings.HasPrefix(got, want) || !strings.Contains(got, "|n=2; 11 n=2 |inner=") {
				t.Errorf("wanted %q, got %q", want, got)
			}
			for name, value := range map[string]lua.LValue{"x": lua.LNumber(10), "up": lua.LNumber(20)} {
				if !s.Set(1, name, value) {
					t.Errorf("%s is not set", name)
				}
			}
			if _, ok := s.Get(1, "z"); ok || s.Set(1, "z", lua.LTrue) {
				t.Error("there is a variable z")
			}
			return 0
		}))
		return nil
	})
	load(t, v, stacked)
	do(t, v, func(L *lua.LState) error {
		L.Push(L.GetGlobal("outer"))
		L.Call(0, 1)
		if got := L.Get(-1).String(); got != "10y20" {
			t.Errorf("the code sees %q", got)
		}
		// The code has gone on: what its registers are for now must not be seen.
		if x, ok := s.Get(1, "x"); !ok || x != lua.LNumber(10) {
			t.Errorf("x is %v afterwards", x)
		}
		s.Set(1, "x", lua.LNumber(11))
		if x, _ := s.Get(1, "x"); x != lua.LNumber(11) {
			t.Errorf("x was set, and is %v", x)
		}
		return nil
	})
}

func TestStackOfAnError(t *testing.T) {
	v := newVM(t)
	load(t, v, `function broken(a) local b = a + 1 error("broken") end function calls() local c = 3 broken(c) return c end`)
	call := func() *vm.Error {
		err := v.Do(t.Context(), func(L *lua.LState) error {
			L.Push(L.GetGlobal("calls"))
			L.Call(0, 0)
			return nil
		})
		var raised *vm.Error
		if !errors.As(err, &raised) {
			t.Fatalf("wanted an error, got %v", err)
		}
		return raised
	}
	if call().Stack != nil {
		t.Error("a stack is kept that nobody has asked for")
	}
	v.KeepStacks = true
	s := call().Stack
	do(t, v, func(*lua.LState) error {
		if got, want := shownStack(s), "1 b=4 a=3; 1 c=3"; got != want {
			t.Errorf("wanted %q, got %q", want, got)
		}
		return nil
	})
}

func TestStackOfWhatAContextHasEnded(t *testing.T) {
	v := newVM(t)
	v.KeepStacks = true
	ctx, cancel := context.WithCancel(t.Context())
	do(t, v, func(L *lua.LState) error {
		L.SetGlobal("cancel", L.NewFunction(func(*lua.LState) int { cancel(); return 0 }))
		return nil
	})
	load(t, v, `function loops() local n = 1 pcall(function() local inside = 2 cancel() while true do end end) end`)
	err := v.Do(ctx, func(L *lua.LState) error {
		L.Push(L.GetGlobal("loops"))
		L.Call(0, 0)
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	do(t, v, func(L *lua.LState) error {
		if got, want := shownStack(vm.Stopped(L)), "1 inside=2; 1 n=1"; got != want {
			t.Errorf("wanted %q, got %q", want, got)
		}
		if vm.Stopped(L) != nil {
			t.Error("it is given twice")
		}
		return nil
	})
}
