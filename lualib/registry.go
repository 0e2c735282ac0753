// Package lualib is Lua's side of avescript: it shows the packages under core/
// to scripts. One file binds one package; this one lists the modules.
//
// The halves of modules that are written in Lua are under lua/, and the
// documentation of all of them, as LuaCATS annotations, is under meta/. Both
// are part of the binary.
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

	"avescript/lualib/bind"
	"avescript/lualib/suite"
	"avescript/lualib/vm"
)

// modules is every module that is written in Go.
var modules = []*bind.Module{
	&cmdModule,
	&configModule,
	&connectionModule,
	&controlModule,
	&envModule,
	&exceptionsModule,
	&fdtxModule,
	&fsModule,
	&httpModule,
	&jsonModule,
	&logModule,
	&networkExceptionsModule,
	&personaModule,
	&pipeModule,
	&posixModule,
	&processModule,
	&profileModule,
	&regexModule,
	&screenModule,
	&taskModule,
	&timeModule,
}

// halves are the Go halves of modules that are written in Lua. Scripts have no
// use for them.
var halves = []*bind.Module{
	&brokerHost,
	&daemonHost,
}

// scripts has the modules that are written in Lua: lua/ave/broker.lua is
// ave.broker.
//
//go:embed lua
var scripts embed.FS

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

// Modules lists the modules that are written in Go, for the check that each
// has its stub.
func Modules() []*bind.Module { return modules }

// New makes an interpreter in which every module can be required. If the
// process is part of a run that measures coverage, or makes a profile, so does
// the interpreter.
func New(stdio vm.Stdio) *vm.VM {
	v := vm.New(stdio)
	measure(v)
	byName := map[string]*bind.Module{}
	for _, m := range slices.Concat(modules, halves) {
		byName[m.Name] = m
	}
	err := v.Do(context.Background(), func(L *lua.LState) error {
		gopherjson.Preload(L)
		suite.Install(v, L)
		v.AddLoader(L, func(L *lua.LState, name string) (fn *lua.LFunction, permanent bool) {
			if m, ok := byName[name]; ok {
				return L.NewFunction(func(L *lua.LState) int {
					L.Push(m.Open(L))
					return 1
				}), false
			}
			return loadScript(v, name), suite.IsOwn(name)
		})
		return nil
	})
	if err != nil {
		panic(err) // nothing in there depends on the outside
	}
	return v
}

// loadScript compiles an embedded module; nil if there is none of the name.
func loadScript(v *vm.VM, name string) *lua.LFunction {
	path := strings.ReplaceAll(name, ".", "/")
	for _, file := range []string{path + ".lua", path + "/init.lua"} {
		fn, err := v.LoadShared(file, func() ([]byte, error) { return scripts.ReadFile("lua/" + file) })
		if err == nil {
			return fn
		}
		if !errors.Is(err, fs.ErrNotExist) {
			panic(err) // they are compiled by a test
		}
	}
	return nil
}
