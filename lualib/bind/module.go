// Package bind is how Go is shown to Lua: modules, functions, arguments,
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
// The parameter list is what the stubs are checked against; a name that ends
// in "?" may be left out. What is wrong with an argument is found out and said
// here alone. An error that a function returns is raised in Lua as an error
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
	// Fill adds to the table what isn't known until a state is there.
	Fill func(L *lua.LState, module *lua.LTable)
}

// Fn is a function or a method.
type Fn struct {
	Name   string
	Params string // "a, b?, options?", without self; "..." takes anything
	Call   func(c *Call) error
}

// Func is the entry of a function or method in a table of them.
func Func(name, params string, call func(c *Call) error) Fn { return Fn{name, params, call} }

// Open makes the module's table in L.
func (m *Module) Open(L *lua.LState) *lua.LTable {
	module := L.NewTable()
	for _, fn := range m.Funcs {
		module.RawSetString(fn.Name, fn.bind(L, m.Name, nil))
	}
	for _, class := range m.Classes {
		module.RawSetString(class.Name, class.In(L))
	}
	if m.Fill != nil {
		m.Fill(L, module)
	}
	return module
}

// signature is a function's parameter list taken apart, once per state.
type signature struct {
	name     string // as messages show it: "ave.cmd.run", "Profile:match"
	params   []string
	required int
	variadic bool
	class    *Class // of self; nil for a plain function
}

func newSignature(name, params string, class *Class) *signature {
	s := &signature{name: name, class: class}
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

// bind makes the Lua function. With a class it is a method.
func (f Fn) bind(L *lua.LState, owner string, class *Class) *lua.LFunction {
	separator := "."
	if class != nil {
		separator = ":"
	}
	return f.bindNamed(L, owner+separator+f.Name, class)
}

func (f Fn) bindNamed(L *lua.LState, name string, class *Class) *lua.LFunction {
	sig := newSignature(name, f.Params, class)
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

// Function makes a Lua function that belongs to no module, under the name that
// messages show.
func Function(L *lua.LState, name, params string, call func(c *Call) error) *lua.LFunction {
	return Func("", params, call).bindNamed(L, name, nil)
}
