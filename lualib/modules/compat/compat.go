// Package compat has modules under the names of well-known C modules, for code and test
// suites of others, which require them: lfs, cjson, term, system, bit and socket. They have
// the names, arguments, results and error texts of the originals. Code of ours uses the
// modules of ave.
//
// They are loaded by require only. A module in Lua on package.path comes before them, unless
// it needs the C part of the original.
package compat

import (
	"bytes"
	"os"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/stdlib"
	"avescript/lualib/vm"
)

// module is one module.
type module struct {
	open   func(L *lua.LState) *lua.LTable
	cPart  string // what the original has in C, if it is another module
	global bool   // the original is also a global variable once it is loaded
}

var modules = map[string]module{
	"bit":         {open: openBit, global: true},
	"cjson":       {open: openCJSON},
	"cjson.safe":  {open: openSafeCJSON},
	"lfs":         {open: openLFS, global: true},
	"socket":      {open: openSocket, cPart: "socket.core"},
	"system":      {open: openSystem, cPart: "system.core"},
	"term":        {open: openTerm, cPart: "term.core"},
	"term.colors": {open: openColors},
	"term.cursor": {open: openCursor, cPart: "term.core"},
}

// Has reports whether there is a module of this name here.
func Has(name string) bool {
	_, ok := modules[name]
	return ok
}

// Loader makes the loader of a module. It is nil if there is no such module here, and if a
// module on package.path comes first.
func Loader(v *vm.VM, L *lua.LState, name string) *lua.LFunction {
	m, ok := modules[name]
	if !ok || onPath(v, name, m.cPart) {
		return nil
	}
	return L.NewFunction(func(L *lua.LState) int {
		table := m.open(L)
		if m.global {
			v.Globals().RawSetString(name, table)
		}
		L.Push(table)
		return 1
	})
}

// onPath reports whether package.path has a module that does not name the C part. Whether
// it would do without that can only be told by its text.
func onPath(v *vm.VM, name, cPart string) bool {
	file, _ := v.FindModule(name)
	if file == "" {
		return false
	}
	text, err := os.ReadFile(file)
	return err != nil || cPart == "" || !bytes.Contains(text, []byte(cPart))
}

// function is an entry of a module.
type function struct {
	name string
	call func(a stdlib.Args) int
}

// newTable makes a table of functions.
func newTable(L *lua.LState, functions []function) *lua.LTable {
	table := L.CreateTable(0, len(functions))
	for _, f := range functions {
		table.RawSetString(f.name, stdlib.NewFunction(L, f.name, f.call))
	}
	return table
}

// newObject makes a userdata around a Go value.
func newObject(meta *lua.LTable, part any) *lua.LUserData {
	return &lua.LUserData{Value: part, Metatable: meta}
}

// objectAt returns the Go value of argument n, which is a userdata. The name is the one that
// the original has for its type.
func objectAt[T any](a stdlib.Args, n int, name string) (part T) {
	if ud, ok := a.L.Get(n).(*lua.LUserData); ok {
		if part, ok = ud.Value.(T); ok {
			return part
		}
	}
	a.RejectType(n, name)
	return part
}

func setStrings(table *lua.LTable, entries map[string]string) {
	for name, text := range entries {
		table.RawSetString(name, lua.LString(text))
	}
}

// failed returns nil and a message.
func failed(a stdlib.Args, messages ...string) int {
	return a.Push(lua.LNil, lua.LString(strings.Join(messages, "")))
}
