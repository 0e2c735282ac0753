package vm_test

import (
	"bytes"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/vm"
)

// Locals are shown in one line, however much there is of them and whatever they
// would say of themselves.
func TestDumpShowsValues(t *testing.T) {
	var text bytes.Buffer
	v := newVM(t)
	err := v.Do(t.Context(), func(L *lua.LState) error {
		L.SetGlobal("dump", L.NewFunction(func(L *lua.LState) int {
			vm.DumpIf(L, &text, func(f vm.Frame) bool { return f.Source != "" })
			return 0
		}))
		return nil
	})
	if err == nil {
		_, err = run(t, v, t.Context(), `
			local mixed = { 1, "two", { a = true }, name = "x", ["a b"] = 3, [1.5] = dump and 1 }
			local long = {}
			for i = 1, 1e5 do long[i] = i end
			local deep = { { { { { 1 } } } } }
			local text = ("x"):rep(1e5)
			local cycle = {}
			cycle.self = cycle
			local rude = setmetatable({}, { __index = error, __tostring = error, __pairs = error })
			dump()`)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`mixed = { 1, "two", { a = true }, name = "x", ["a b"] = 3, [1.5] = 1 }`,
		`26, 27, 28, ... }`,
		`deep = { { { { ... } } } }`,
		`text = "` + strings.Repeat("x", 100) + `"...`,
		`cycle = { self = <cycle> }`,
		`rude = {}`,
		`[Go]: in function 'dump'`,
	} {
		if !strings.Contains(text.String(), want+"\n") {
			t.Errorf("wanted %s in:\n%s", want, &text)
		}
	}
}
