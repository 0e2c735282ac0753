package vm_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/vm"
)

func loadModule(t *testing.T, v *vm.VM, file string) *lua.LFunction {
	t.Helper()
	fn, err := v.LoadModule(file)
	if err != nil {
		t.Fatal(err)
	}
	return fn
}

// A module is compiled once for each content. All that is known of its functions is known
// in each interpreter: the source, for messages, and where they are in it.
func TestModulesAreCompiledOnce(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "mod.lua")
	const text = "local M = {}\nfunction M.broken()\n\terror 'broken'\nend\nreturn M"
	write(t, file, text)
	first := loadModule(t, newVM(t), file)
	for range 2 {
		v := newVM(t)
		v.SearchBeside(filepath.Join(dir, "script.lua"))
		if loadModule(t, v, file).Proto != first.Proto {
			t.Error("the module was compiled again")
		}
		_, err := run(t, v, t.Context(), `require("mod").broken()`)
		var raised *vm.Error
		if !errors.As(err, &raised) {
			t.Fatal(err)
		}
		if text := raised.Frames[1].Text(); text != "error 'broken'" {
			t.Errorf("the line that has failed is %q", text)
		}
		chunk, path, ok := v.Origin(first.Proto.FunctionPrototypes[0])
		if !ok || chunk.Name != file || string(chunk.Source) != text || len(path) != 1 || path[0] != 0 {
			t.Errorf("the function is from %v, %v, %v", chunk, path, ok)
		}
	}
	write(t, file, strings.Replace(text, "error 'broken'", "error 'other'", 1))
	v := newVM(t)
	if loadModule(t, v, file).Proto == first.Proto {
		t.Error("a module that has changed was not compiled")
	}
	if _, _, ok := v.Origin(first.Proto); ok {
		t.Error("an interpreter knows a chunk that it has not loaded")
	}
	// In another place it is another chunk.
	other := filepath.Join(dir, "other.lua")
	write(t, other, text)
	if got := loadModule(t, v, other); got.Proto.SourceName != other {
		t.Errorf("messages would name %s", got.Proto.SourceName)
	}
	write(t, other, "return =")
	for range 2 {
		if _, err := v.LoadModule(other); err == nil || !strings.Contains(err.Error(), other+":1: unexpected symbol") {
			t.Errorf("got %v", err)
		}
	}
}

// Modules that were not used for long are forgotten, so that a process does not grow.
func TestFewModulesAreKept(t *testing.T) {
	v := newVM(t)
	dir := t.TempDir()
	first := filepath.Join(dir, "first.lua")
	write(t, first, "return 1 -- of all")
	before := loadModule(t, v, first)
	large := strings.Repeat("-- a comment\n", 100_000)
	for i := range 3 {
		file := filepath.Join(dir, "large.lua")
		write(t, file, large+"--"+strings.Repeat("x", i))
		loadModule(t, v, file)
	}
	if loadModule(t, v, first).Proto == before.Proto {
		t.Error("the first module is still kept")
	}
}

// A module that several interpreters share is counted in each.
func TestSharedModulesAreCounted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "counted.lua")
	write(t, file, "local n = 0\nfor i = 1, 7 do\n\tn = n + i\nend\nreturn n")
	for range 2 {
		v := newVM(t)
		var total uint64
		var counters []uint64
		v.Count(func(chunk *vm.Chunk, lines []int32) []uint64 {
			counters = make([]uint64, len(lines))
			return counters
		})
		fn := loadModule(t, v, file)
		do(t, v, func(L *lua.LState) error {
			L.Push(fn)
			L.Call(0, 0)
			return nil
		})
		for _, n := range counters {
			total += n
		}
		if total < 14 {
			t.Errorf("%d instructions were counted", total)
		}
	}
}
