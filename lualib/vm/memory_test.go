package vm_test

import (
	"context"
	"errors"
	"runtime/debug"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/collector"
	"avescript/lualib/vm"
)

const testLimit = 64 << 20

func newLimitedVM(t *testing.T) *vm.VM {
	t.Helper()
	before := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	v := newVM(t)
	v.LimitMemory(testLimit)
	return v
}

// grow fills the memory bit by bit.
const grow = `
	local function grow()
		local all = {}
		while true do all[#all + 1] = ("x"):rep(1000) .. #all end
	end
	`

// The error ends what uses too much, wherever that runs. Afterwards the memory is free.
func TestLimitMemory(t *testing.T) {
	for name, source := range map[string]string{
		"pcall":     `return pcall(grow)`,
		"again":     `for i = 1, 3 do assert(not pcall(grow)) end return pcall(grow)`,
		"coroutine": `return coroutine.resume(coroutine.create(grow))`,
		"wrap":      `return pcall(coroutine.wrap(grow))`,
		"nested":    `local co = coroutine.wrap(function() coroutine.yield() return pcall(grow) end) co() return co()`,
		"sort":      `return pcall(table.sort, { 1, 2, 3 }, grow)`,
		"numbers":   `return pcall(function() local t = {} for i = 1, 1e9 do t[i] = i + 0.5 end end)`,
		"closures":  `return pcall(function() local f for i = 1, 1e9 do local g = f f = function() return g end end end)`,
		"handler":   `return xpcall(grow, function(problem) local t = {} for i = 1, 1000 do t[i] = {} end return problem end)`,
		"traceback": `local _, trace = xpcall(grow, debug.traceback) return false, trace:match("^[^\n]*")`,
	} {
		t.Run(name, func(t *testing.T) {
			v := newLimitedVM(t)
			got, err := run(t, v, t.Context(), grow+source)
			if want := "false not enough memory"; err != nil || !strings.HasPrefix(strings.Join(got, " "), want) {
				t.Fatalf("got %.200q and the error %v, wanted %q", got, err, want)
			}
			got, err = run(t, v, t.Context(), `collectgarbage() collectgarbage() return collectgarbage("count") < 32 * 1024`)
			if err != nil || got[0] != "true" {
				t.Errorf("memory is not free: %v %v", got, err)
			}
		})
	}
}

// One large value is refused before it is made.
func TestLargeValuesAreRefused(t *testing.T) {
	for name, source := range map[string]string{
		"rep":     `("x"):rep(2^30)`,
		"concat":  `table.concat({ 1, 2, 3, 4, 5, 6, 7, 8 }, piece)`,
		"format":  `("%s%s%s%s%s%s%s"):format(piece, piece, piece, piece, piece, piece, piece)`,
		"quoted":  `("%q%q%q"):format(zeros, zeros, zeros)`,
		"gsub":    `("aaaaaaaa"):gsub("a", piece)`,
		"reverse": `(piece .. piece .. piece):reverse()`,
		"read":    `io.open("/dev/zero"):read("*a")`,
		"line":    `io.open("/dev/zero"):read("*l")`,
		"lines":   `io.lines("/dev/zero")()`,
	} {
		t.Run(name, func(t *testing.T) {
			v := newLimitedVM(t)
			got, err := run(t, v, t.Context(), `
				local piece, zeros = ("x"):rep(12 * 2^20), ("\0"):rep(8 * 2^20)
				return pcall(function() return `+source+` end)`)
			if want := "false not enough memory"; err != nil || strings.Join(got, " ") != want {
				t.Fatalf("got %.200q and the error %v, wanted %q", got, err, want)
			}
		})
	}
	got, err := run(t, newLimitedVM(t), t.Context(), `return pcall(function() local s = "x" while true do s = s .. s end end)`)
	if err != nil || strings.Join(got, " ") != "false not enough memory" {
		t.Fatalf("joining: got %.200q and the error %v", got, err)
	}
}

// What is garbage does not count, and neither what is below the limit.
func TestGarbageIsNotLimited(t *testing.T) {
	got, err := run(t, newLimitedVM(t), t.Context(), `
		local kept = ("x"):rep(20 * 2^20)
		for i = 1, 100 do kept = ("y"):rep(20 * 2^20) end
		for i = 1, 400000 do local t = { ("z"):rep(1000) .. i } end
		return #kept`)
	if err != nil || got[0] != "20971520" {
		t.Fatalf("got %v %v", got, err)
	}
}

// Code that catches the error can give back what it uses.
func TestMemoryIsLeftForHandling(t *testing.T) {
	got, err := run(t, newLimitedVM(t), t.Context(), `
		local all, failed = {}, 0
		while failed < 5 do
			local ok, problem = pcall(function() while true do all[#all + 1] = ("x"):rep(1000) .. #all end end)
			assert(not ok and problem == "not enough memory")
			failed = failed + 1
			local notes = {}
			for i = 1, 10000 do notes[i] = { i } end
			all = {}
		end
		return failed`)
	if err != nil || got[0] != "5" {
		t.Fatalf("got %v %v", got, err)
	}
}

// As long as too much is kept, the error comes again.
func TestLimitComesAgain(t *testing.T) {
	v := newLimitedVM(t)
	for range 3 {
		_, err := run(t, v, t.Context(), `
			all = all or {}
			while true do all[#all + 1] = ("x"):rep(1000) .. #all end`)
		if err == nil || err.Error() != "not enough memory" {
			t.Fatalf("got %v", err)
		}
		if heap := collector.HeapBytes(); heap > 2*testLimit {
			t.Fatalf("%d bytes are in use", heap)
		}
	}
	v.Globals().RawSetString("all", lua.LNil)
	if _, err := run(t, v, t.Context(), `collectgarbage() return #("x"):rep(2 ^ 24)`); err != nil {
		t.Fatal(err)
	}
}

// A file without an end is read until the context ends.
func TestEndlessReadEnds(t *testing.T) {
	v := newVM(t)
	late := errors.New("late")
	ctx, cancel := context.WithCancelCause(t.Context())
	err := v.Do(ctx, func(L *lua.LState) error {
		fn, err := v.Load([]byte(`local zero = io.open("/dev/zero") stop() zero:read("*a")`), "test.lua")
		if err != nil {
			return err
		}
		L.SetGlobal("stop", L.NewFunction(func(*lua.LState) int { go cancel(late); return 0 }))
		L.Push(fn)
		L.Call(0, 0)
		return nil
	})
	if !errors.Is(err, late) {
		t.Fatalf("got %v", err)
	}
}
