// Package lualib makes interpreters, and lists the modules that scripts can
// require.
//
// Modules and parts of modules that are written in Lua are in lua/. The
// documentation of all modules, as LuaCATS annotations, is in meta/. Both are part
// of the binary.
package lualib

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
	gopherjson "layeh.com/gopher-json"

	"avescript/core/bundle"
	"avescript/lualib/bind"
	"avescript/lualib/measure"
	"avescript/lualib/modules/broker"
	"avescript/lualib/modules/compat"
	"avescript/lualib/modules/data"
	"avescript/lualib/modules/network"
	"avescript/lualib/modules/process"
	"avescript/lualib/modules/service"
	"avescript/lualib/modules/system"
	"avescript/lualib/modules/task"
	"avescript/lualib/modules/terminal"
	"avescript/lualib/suite"
	"avescript/lualib/vm"
)

// modules are the modules that are written in Go.
var modules = []*bind.Module{
	&system.BundleModule,
	&terminal.CmdModule,
	&system.ConfigModule,
	&network.ConnectionModule,
	&service.ControlModule,
	&system.DebugModule,
	&system.EnvModule,
	&data.ExceptionsModule,
	&network.FdTxModule,
	&system.FSModule,
	&system.HTTPModule,
	&data.JSONModule,
	&system.LogModule,
	&data.NetworkExceptionsModule,
	&process.PersonaModule,
	&network.PipeModule,
	&system.PosixModule,
	&process.Module,
	&data.ProfileModule,
	&system.RegexModule,
	&terminal.ScreenModule,
	&task.Module,
	&system.TextModule,
	&system.TimeModule,
}

// halves are the Go parts of modules that are written in Lua. Scripts do not use
// them.
var halves = []*bind.Module{
	&broker.Host,
	&process.DaemonHost,
}

// scripts has the modules that are written in Lua: lua/ave/broker.lua is
// ave.broker.
//
//go:embed lua
var scripts embed.FS

// compiledScripts has them in their binary form: see scripts.go.
//
//go:embed scripts.bin
var compiledScripts string

// Meta has the stubs: meta/ave/cmd.lua documents ave.cmd.
//
//go:embed meta
var Meta embed.FS

// WriteStubs writes the stubs to a directory, for editors.
func WriteStubs(dir string) error {
	return fs.WalkDir(Meta, "meta", func(name string, entry fs.DirEntry, err error) error {
		target := filepath.Join(dir, strings.TrimPrefix(name, "meta"))
		if err != nil || entry.IsDir() {
			return errors.Join(err, os.MkdirAll(target, 0o755))
		}
		text, err := fs.ReadFile(Meta, name)
		if err != nil {
			return err
		}
		return os.WriteFile(target, text, 0o644)
	})
}

// Modules lists the modules that are written in Go, for the check that each has its
// stub.
func Modules() []*bind.Module { return modules }

// New makes an interpreter in which every module can be required. It is measured if
// the process is part of a run that measures coverage or makes a profile.
func New(stdio vm.Stdio) *vm.VM {
	v := vm.New(stdio)
	measure.Interpreter(v)
	byName := map[string]*bind.Module{}
	for _, m := range slices.Concat(modules, halves) {
		byName[m.Name] = m
	}
	err := v.Do(context.Background(), func(L *lua.LState) error {
		gopherjson.Preload(L)
		suite.Install(v, L)
		addBundled(v, L)
		v.AddLoader(L, "avescript", func(L *lua.LState, name string) (fn *lua.LFunction, permanent bool) {
			if m, ok := byName[name]; ok {
				return L.NewFunction(func(L *lua.LState) int {
					L.Push(m.Open(L))
					return 1
				}), false
			}
			if fn := compat.Loader(v, L, name); fn != nil {
				return fn, false
			}
			return loadScript(v, name), suite.IsOwn(name)
		})
		v.AddLastLoader(L, func(L *lua.LState, name string) string { return compat.SearchC(v, L, name) })
		return nil
	})
	if err != nil {
		panic(err) // nothing in it depends on the system
	}
	return v
}

// addBundled has require find the modules in the bundle of this program. They come before
// those along package.path, and after our own.
func addBundled(v *vm.VM, L *lua.LState) {
	b, err := bundle.Self()
	if b == nil || err != nil { // of which the program has told
		return
	}
	v.AddLoader(L, "this program", func(L *lua.LState, name string) (fn *lua.LFunction, permanent bool) {
		file, text, ok, err := b.Module(name)
		if ok && err == nil {
			fn, err = v.Load(text, file)
		}
		if err != nil {
			L.RaiseError("error loading module '%s' from the bundle:\n\t%s", name, err)
		}
		return fn, false
	})
}

// IsOwn tells whether require finds a module that is a part of avescript or of Lua.
func IsOwn(v *vm.VM, name string) bool {
	if slices.ContainsFunc(slices.Concat(modules, halves), func(m *bind.Module) bool { return m.Name == name }) {
		return true
	}
	chunk, ok := v.Module(name)
	return ok && chunk == nil || compat.Has(name) || loadScript(v, name) != nil
}

// loadScript loads an embedded module; it returns nil if there is no module of this
// name.
func loadScript(v *vm.VM, name string) *lua.LFunction {
	path := strings.ReplaceAll(name, ".", "/")
	for _, file := range []string{path + ".lua", path + "/init.lua"} {
		fn, err := v.LoadShared(file, func() (*lua.FunctionProto, []byte, error) { return compileScript(file) })
		if err == nil {
			return fn
		}
		if !errors.Is(err, fs.ErrNotExist) {
			panic(err) // a test compiles all of them
		}
	}
	return nil
}
