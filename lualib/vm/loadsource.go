package vm

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/syntax"
)

// This file has the functions that load source: load, loadstring, loadfile and dofile.

func (vm *VM) openLoad() {
	for name, fn := range map[string]lua.LGFunction{
		"dofile":     luaDofile,
		"load":       luaLoad,
		"loadfile":   luaLoadfile,
		"loadstring": luaLoadstring,
		"require":    luaRequire,
	} {
		vm.Globals().RawSetString(name, vm.main.NewFunction(fn))
	}
	vm.packageTable().RawSetString("loadlib", vm.main.NewFunction(packageLoadlib))
	vm.packageTable().RawSetString("config", lua.LString("/\n;\n?\n!\n-"))
	vm.packageTable().RawSetString("seeall", vm.main.NewFunction(packageSeeall))
	loaders := vm.packageTable().RawGetString("loaders").(*lua.LTable)
	loaders.RawSetInt(1, vm.main.NewFunction(searchPreload))
	loaders.RawSetInt(2, vm.main.NewFunction(searchPath))
	vm.setPaths()
	vm.Loaded().ForEach(func(name, _ lua.LValue) { vm.modules[name.String()] = nil })
}

// chunkName returns a chunk's name as messages show it: a name without its leading @ or
// =, and of source text its first line. Paths are not shortened, so that they can be
// opened.
func chunkName(name string, size int) string {
	if rest, ok := strings.CutPrefix(name, "@"); ok {
		return rest
	}
	return shortSource(name, size)
}

// loadNamed compiles source for the code that L runs.
func loadNamed(L *lua.LState, source, name string) (*lua.LFunction, error) {
	if strings.HasPrefix(source, "#") {
		source = " " + source // only in files is this a comment
	}
	fn, err := withGlobals(L)(Of(L).load([]byte(source), chunkName(name, idSize), &name))
	if problem := (*syntax.Error)(nil); errors.As(err, &problem) {
		problem.Name = chunkName(name, syntaxIDSize)
	}
	return fn, err
}

// withGlobals gives a chunk the globals of the code that L runs.
func withGlobals(L *lua.LState) func(*lua.LFunction, error) (*lua.LFunction, error) {
	return func(fn *lua.LFunction, err error) (*lua.LFunction, error) {
		if err == nil {
			fn.Env = threadOf(L).globals()
		}
		return fn, err
	}
}

// loaded pushes the results of the load functions: a function, or nil and a
// message.
func loaded(L *lua.LState, fn *lua.LFunction, err error) int {
	if err != nil {
		L.Push(lua.LNil)
		L.Push(lua.LString(err.Error()))
		return 2
	}
	L.Push(fn)
	return 1
}

// luaLoadstring is loadstring(source [, name]).
func luaLoadstring(L *lua.LState) int {
	source := checkString(L, 1, "loadstring")
	fn, err := loadNamed(L, source, optString(L, 2, "loadstring", source))
	return loaded(L, fn, err)
}

// luaLoad is load(function [, name]); as in LuaJIT, the function can also be a
// string of source.
func luaLoad(L *lua.LState) int {
	if source, ok := L.Get(1).(lua.LString); ok {
		fn, err := loadNamed(L, string(source), optString(L, 2, "load", string(source)))
		return loaded(L, fn, err)
	}
	name := optString(L, 2, "load", "=(load)")
	reader := checkFunction(L, 1, "load")
	source, failed := readAll(L, reader, name)
	if failed != nil {
		L.Push(lua.LNil)
		L.Push(failed)
		return 2
	}
	fn, err := loadNamed(L, source, name)
	return loaded(L, fn, err)
}

// readAll calls a reader for the pieces of the source, until there are no more or the
// source cannot become a program any more.
func readAll(L *lua.LState, reader *lua.LFunction, name string) (source string, failed lua.LValue) {
	t := threadOf(L).callee()
	var all bytes.Buffer
	f := t.try(func() {
		next := 1 // the number of pieces at which the beginning is checked: their doubling keeps this linear
		for pieces := 1; ; pieces++ {
			t.L.Push(reader)
			t.L.Call(0, 1)
			piece, ok := message(t.L.Get(-1))
			if !ok && t.L.Get(-1) != lua.LNil {
				Raise(t.L, lua.LString(threadOf(L).where(1)+"reader function must return a string"))
			}
			t.L.Pop(1)
			if piece == "" {
				return
			}
			all.WriteString(piece)
			if pieces == next {
				if next *= 2; isHopeless(all.Bytes(), name) {
					return
				}
			}
		}
	}, nil)
	if f != nil {
		return "", f.value
	}
	t.vm.release(t)
	return all.String(), nil
}

// isHopeless reports whether source has an error that does not depend on what follows: it
// is about a token that something else follows.
func isHopeless(source []byte, name string) bool {
	if bytes.HasPrefix(source, []byte(binaryMark[:1])) {
		return false
	}
	_, err := syntax.Compile(source, name)
	if err == nil {
		return false
	}
	text := err.Error()
	at := strings.LastIndex(text, " near '")
	if at < 0 {
		return false
	}
	token := strings.TrimSuffix(text[at+len(" near '"):], "'")
	if token == "<eof>" {
		return false
	}
	return !bytes.HasSuffix(source, []byte(token))
}

// luaLoadfile is loadfile([path]); without a path it reads standard input.
func luaLoadfile(L *lua.LState) int {
	fn, err := loadPath(L, "loadfile")
	return loaded(L, fn, err)
}

// luaDofile is dofile([path]).
func luaDofile(L *lua.LState) int {
	fn, err := loadPath(L, "dofile")
	if err != nil {
		Raise(L, lua.LString(err.Error()))
	}
	top := L.GetTop()
	L.Push(fn)
	L.Call(0, lua.MultRet)
	return L.GetTop() - top
}

func loadPath(L *lua.LState, name string) (*lua.LFunction, error) {
	if L.Get(1) == lua.LNil {
		source, err := io.ReadAll(os.Stdin)
		if err != nil {
			return nil, err
		}
		given := "=stdin"
		return withGlobals(L)(Of(L).load(source, "stdin", &given))
	}
	fn, err := withGlobals(L)(Of(L).LoadFile(checkString(L, 1, name)))
	if problem := (*openError)(nil); errors.As(err, &problem) {
		err = errors.New(problem.inC())
	}
	return fn, err
}
