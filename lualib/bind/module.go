// Package bind makes Go usable from Lua: modules, functions, arguments,
// classes and errors, each in one way.
//
// A binding reads as a table and then its functions:
//
//	var Module = bind.Module{Name: "ave.cmd", Funcs: []bind.Fn{
//		bind.Func("run", "cmd, options?", run),
//	}}
//
//	func run(c *bind.Call) error {
//		var command string
//		var options struct {
//			Timeout bind.Seconds `lua:"timeout"`
//		}
//		if err := c.Args(&command, &options); err != nil {
//			return err
//		}
//		...
//		return c.Return(status, output)
//	}
//
// Options that are declared in a core package get their names by [Options] instead
// of tags.
//
// The stubs are compared with the parameter list; a parameter whose name ends
// in "?" may be left out. Arguments are checked, and their errors reported,
// only here. An error that a function returns is raised in Lua as an error
// object of its class.
package bind

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// Module is a Lua module that is written in Go.
type Module struct {
	Name    string
	Funcs   []Fn
	Classes []*Class
	// Fill adds what is only known when a state exists.
	Fill func(L *lua.LState, module *lua.LTable)
}

// Fn is a function or a method.
type Fn struct {
	Name   string
	Params string // "a, b?, options?", without self; "..." takes anything
	Call   func(c *Call) error
}

// Func makes the entry of a function or method in a table.
func Func(name, params string, call func(c *Call) error) Fn { return Fn{name, params, call} }

// Open makes the module's table in L.
func (m *Module) Open(L *lua.LState) *lua.LTable {
	module := L.NewTable()
	for _, fn := range m.Funcs {
		module.RawSetString(fn.Name, fn.bindNamed(L, m.Name+"."+fn.Name, nil, false))
	}
	for _, class := range m.Classes {
		module.RawSetString(class.Name, class.In(L))
	}
	if m.Fill != nil {
		m.Fill(L, module)
	}
	return module
}

// signature is a parsed parameter list. It is parsed once per state.
type signature struct {
	name     string // as messages show it: "ave.cmd.run", "Profile:match"
	params   []string
	required int
	variadic bool
	class    *Class // the class of a method; nil for a plain function
	method   bool   // it is called on an object of the class
}

func newSignature(name, params string, class *Class, method bool) *signature {
	s := &signature{name: name, class: class, method: method}
	for param := range strings.SplitSeq(params, ",") {
		param = strings.TrimSpace(param)
		switch {
		case param == "":
		case param == "...":
			s.variadic = true
		case strings.HasSuffix(param, "?"):
			s.params = append(s.params, strings.TrimSuffix(param, "?"))
		default:
			s.params = append(s.params, param)
			s.required = len(s.params)
		}
	}
	return s
}

// bind makes the Lua function of a class or module.
func (f Fn) bind(L *lua.LState, class *Class, method bool) *lua.LFunction {
	separator := "."
	if method {
		separator = ":"
	}
	return f.bindNamed(L, class.Name+separator+f.Name, class, method)
}

func (f Fn) bindNamed(L *lua.LState, name string, class *Class, method bool) *lua.LFunction {
	sig := newSignature(name, f.Params, class, method)
	return L.NewFunction(func(L *lua.LState) int {
		c := Call{L: L, sig: sig}
		err := c.begin()
		if err == nil {
			err = f.Call(&c)
		}
		if err != nil {
			Throw(L, err)
		}
		return c.results
	})
}

// Function makes a Lua function outside of a module, under the name that messages
// show.
func Function(L *lua.LState, name, params string, call func(c *Call) error) *lua.LFunction {
	return Func("", params, call).bindNamed(L, name, nil, false)
}
