package lualib

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/exceptions"
	"avescript/lualib/bind"
)

// exceptionsModule is ave.exceptions: the classes that travel over the wire.
var exceptionsModule = bind.Module{
	Name:  "ave.exceptions",
	Funcs: []bind.Fn{bind.Func("define", "name, parent?", defineException)},
	Fill:  fillExceptions(func(name string) bool { return !isNetworkException(name) }),
}

// networkExceptionsModule is ave.network.exceptions: the classes of errors
// that a client finds out by itself.
var networkExceptionsModule = bind.Module{
	Name: "ave.network.exceptions",
	Fill: fillExceptions(isNetworkException),
}

func isNetworkException(name string) bool { return strings.HasPrefix(name, "Connection") }

func fillExceptions(belongs func(name string) bool) func(*lua.LState, *lua.LTable) {
	return func(L *lua.LState, module *lua.LTable) {
		for _, class := range exceptions.Builtin() {
			if belongs(class.Name) {
				module.RawSetString(class.Name, bind.ExceptionClass(L, class))
			}
		}
	}
}

// defineException is define(name, parent?): a class of a service's own.
func defineException(c *bind.Call) error {
	var name string
	var parent *lua.LTable
	if err := c.Args(&name, &parent); err != nil {
		return err
	}
	class := exceptions.AveException
	if parent != nil {
		known, ok := bind.Part[*exceptions.Class](parent)
		if !ok {
			return exceptions.TypeError.Newf("ave.exceptions.define: argument 'parent': wanted the class of an exception, got %s", bind.Describe(parent))
		}
		class = known
	}
	defined, err := exceptions.Define(name, class)
	if err != nil {
		return err
	}
	return c.Return(bind.ExceptionClass(c.L, defined))
}
