package mainloop_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"weak"

	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"

	"avescript/internal/poll"
	"avescript/lualib/mainloop"
	"avescript/lualib/syntax"
	"avescript/lualib/vm"
)

func TestHints(t *testing.T) {
	v := newVM(t, nil)
	for source, want := range map[string]string{
		`pritn("x")`:                                   "attempt to call global 'pritn' (a nil value); did you mean 'print'?",
		`string.lenn("x")`:                             "attempt to call field 'lenn' (a nil value); did you mean 'len'?",
		`return (("x"):uper())`:                        "attempt to call method 'uper' (a nil value); did you mean 'upper'?",
		`tabel.insert({}, 1)`:                          "attempt to index global 'tabel' (a nil value); did you mean 'table'?",
		`local t = { open = 1 } t.opne()`:              "attempt to call field 'opne' (a nil value); did you mean 'open'?",
		`local t = { a = { b = {} } } t.a.c.d = 1`:     "attempt to index field 'c' (a nil value)",
		`local count local cuont = 1; count.x = cuont`: "attempt to index local 'count' (a nil value)",
		`local t = { size = 1 } return t.sise + 1`:     "attempt to perform arithmetic on field 'sise' (a nil value); did you mean 'size'?",
	} {
		_, err := execute(v, t.Context(), source)
		if err == nil || err.Error() != "stdin:1: "+want {
			t.Errorf("%s: got %v, want %s", source, err, want)
		}
	}
}

// The stack of calls ends before Go's does, and everything works afterwards.
func TestStackOverflow(t *testing.T) {
	v := newVM(t, nil)
	for name, source := range map[string]string{
		"calls":       `local function f() return 1 + f() end f()`,
		"registers":   `local function f(...) return 1, f(1, 2, 3, 4, 5, 6, 7, 8, 9, ...) end f()`,
		"metamethods": `local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k + 1] end return t[1]`,
		"go":          `local function f() return 1 + #tostring(setmetatable({}, { __tostring = function() return f() end })) end f()`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := execute(v, t.Context(), source)
			if err == nil || !strings.Contains(err.Error(), "stack overflow") {
				t.Errorf("got %v", err)
			}
			results, err := execute(v, t.Context(), `local function f(n) if n == 0 then return 0 end return 1 + f(n - 1) end return f(1000)`)
			if err != nil || results[0] != "1000" {
				t.Errorf("afterwards got %v, %v", results, err)
			}
		})
	}
}

// A call's registers do not keep what the call has left behind.
func TestDeadValuesAreNotKept(t *testing.T) {
	v := newVM(t, nil)
	var left weak.Pointer[lua.LUserData]
	err := v.Do(t.Context(), func(L *lua.LState) error {
		L.SetGlobal("make", L.NewFunction(func(L *lua.LState) int {
			ud := L.NewUserData()
			ud.Value = make([]byte, 1<<20)
			left = weak.Make(ud)
			L.Push(ud)
			return 1
		}))
		L.SetGlobal("check", L.NewFunction(func(L *lua.LState) int {
			collected := poll.Holds(func() bool { runtime.GC(); return left.Value() == nil })
			L.Push(lua.LBool(collected))
			return 1
		}))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, source := range map[string]string{
		"local":    `local function f() local x = make() local y = x end f() return check()`,
		"argument": `local function f(x) return 1 end f(make()) return check()`,
		"vararg":   `local function f(...) local x = ... end f(make(), make()) return check()`,
		"result":   `local function f() return 1, make() end local x = f() return check()`,
		"tail":     `local function g() return 1 end local function f() local x = make() return g(x) end f() return check()`,
		"go":       `tostring(make()) return check()`,
		"upvalue":  `local function f() local x = make() return function() return x end end f() f = nil return check()`,
		"caught":   `pcall(function() local x = make() error("x") end) return check()`,
	} {
		t.Run(name, func(t *testing.T) {
			results, err := execute(v, t.Context(), source)
			if err != nil || results[0] != "true" {
				t.Errorf("got %v, %v", results, err)
			}
		})
	}
}

// Code that is interrupted at each of its instructions does the same.
func TestAttentionChangesNothing(t *testing.T) {
	for name, want := range programs(t) {
		t.Run(name, func(t *testing.T) {
			source := read(t, "testdata/"+name+".lua")
			t.Setenv("AVESCRIPT_LOOP", "")
			count := func(_ *vm.Chunk, lines []int32) []uint64 { return make([]uint64, len(lines)) }
			if diff := cmp.Diff(want, printed(t, source, func(v *vm.VM) { v.Count(count) })); diff != "" {
				t.Errorf("not as lua5.1 (-want +got):\n%s", diff)
			}
		})
	}
}

// Both loops can execute code on one stack, in any order.
func TestLoopsMix(t *testing.T) {
	proto, err := syntax.Compile([]byte(`
		local function sum(...)
			local n = 0
			for i = 1, select("#", ...) do n = n + (select(i, ...)) end
			return n
		end
		local function through(f, ...) return f(...) end
		local captured = 1
		local function add(x) captured = captured + x; return captured end
		return through(sum, other(through, sum, 1, 2, 3), other(add, 10)), captured,
			select("#", other(through, function(...) return ... end, nil, nil))
	`), "mix")
	if err != nil {
		t.Fatal(err)
	}
	L := lua.NewState(lua.Options{MinimizeStackMemory: true, RegistrySize: 1024, RegistryMaxSize: 1 << 16})
	defer L.Close()
	loop, err := mainloop.New(L, mainloop.Hooks{Attention: new(atomic.Int32)})
	if err != nil {
		t.Fatal(err)
	}
	own := true
	change := func() {
		if own = !own; own {
			loop.Install(L)
		} else {
			L.SetContext(context.Background())
		}
	}
	loop.Install(L)
	L.SetGlobal("other", L.NewFunction(func(L *lua.LState) int {
		change()
		defer change()
		L.Call(L.GetTop()-1, lua.MultRet)
		return L.GetTop()
	}))
	for range 2 {
		L.Push(L.NewFunctionFromProto(proto))
		L.Call(0, 3)
		got := []lua.LValue{L.Get(1), L.Get(2), L.Get(3)}
		if got[0] != lua.LNumber(17) || got[1] != lua.LNumber(11) || got[2] != lua.LNumber(2) {
			t.Errorf("got %v", got)
		}
		L.SetTop(0)
		change()
	}
}

// A deadline ends code between two instructions, whatever it does.
func TestEndOfContext(t *testing.T) {
	for name, source := range map[string]string{
		"jump":      `while true do end`,
		"for":       `for i = 1, math.huge do end`,
		"numbers":   `local x = 1 repeat x = x * 2 + 1 - x until false`,
		"tail call": `local function f() return f() end f()`,
		"iterator":  `for _ in function() return 1 end do end`,
		"metatable": `local t = setmetatable({}, { __index = function() return 1 end }) while t.x do end`,
	} {
		t.Run(name, func(t *testing.T) {
			v := newVM(t, nil)
			ctx, cancel := context.WithCancel(t.Context())
			v.Post(func(*lua.LState) { cancel() }, func(error) {})
			if _, err := execute(v, ctx, source); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
	}
}
