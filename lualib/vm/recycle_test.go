package vm_test

import (
	"errors"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/vm"
)

// A call that fails leaves its thread to the next one, which overwrites the registers of
// the variables that are captured. An error in Go code and a stack overflow are panics that
// do not detach them.
func TestCapturedVariablesSurviveTheirThread(t *testing.T) {
	v := newVM(t)
	define(t, v, "broken", func() { panic("broken") })
	got, err := run(t, v, t.Context(), `
		local all = {}
		local function captures(fails)
			local a, b = 1, 2
			all[#all + 1] = function() a, b = a + 1, b + 1 return a, b end
			local c = 3
			all[#all + 1] = function() c = c + 1 return c, a end
			fails()
		end
		local function forever() return 1 + forever() end
		for _, fails in ipairs { broken, error, forever } do
			assert(not pcall(captures, fails))
			assert(not xpcall(function() captures(fails) end, function() error "again" end))
		end
		for i = 1, 20 do
			pcall(function(...) local x, y, z = ... error(x) end, "x", "y", "z")
			pcall(function(...) local x, y, z = ... return z end, "x", "y", "z")
		end
		for i = 1, #all, 2 do
			local a, b = all[i]()
			local c, same = all[i + 1]()
			assert(a == 2 and b == 3 and c == 4 and same == 2, tostring(a) .. tostring(b) .. tostring(c))
			assert(all[i]() == 3)
		end
		return #all`)
	if err != nil || len(got) != 1 || got[0] != "12" {
		t.Fatal(got, err)
	}
}

// Frames, variables and text of an error are those of the code that has raised it, even
// if the interpreter goes on.
func TestErrorsKeepTheirStack(t *testing.T) {
	v := newVM(t)
	v.KeepStacks = true
	raise := func(source string) *vm.Error {
		_, err := run(t, v, t.Context(), source)
		var raised *vm.Error
		if !errors.As(err, &raised) {
			t.Fatalf("wanted an error, got %v", err)
		}
		return raised
	}
	first := raise(`local function f(a) local b = 2 error("first") end f(1)`)
	second := raise(`local function g(c) local d = 4 error("second") end pcall(g, 0) g(3)`)
	do(t, v, func(*lua.LState) error {
		for raised, want := range map[*vm.Error]string{first: "b=2 a=1", second: "d=4 c=3"} {
			got := ""
			for _, v := range raised.Stack.Variables(1)[:2] {
				got = strings.TrimSpace(got + " " + v.Name + "=" + v.Value.String())
			}
			if got != want || len(raised.Frames) != 3 {
				t.Errorf("%s: wanted %q, got %q\n%s", raised.Text, want, got, vm.Traceback(raised.Frames))
			}
		}
		return nil
	})
}
