package data

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/exceptions"
	"avescript/lualib/bind"
)

// ExceptionsModule is ave.exceptions: the error classes that are sent over the
// network.
var ExceptionsModule = bind.Module{
	Name:  "ave.exceptions",
	Funcs: []bind.Fn{bind.Func("define", "name, parent?", defineException)},
	Fill:  fillExceptions(func(name string) bool { return !isNetworkException(name) }),
}

// NetworkExceptionsModule is ave.network.exceptions: the error classes of
// connections, which are never sent.
var NetworkExceptionsModule = bind.Module{
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

// defineException is define(name, parent?): it makes an error class for a service.
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
			return exceptions.TypeError.Newf("ave.exceptions.define: argument 'parent': wanted an error class, got %s", bind.Describe(parent))
		}
		class = known
	}
	defined, err := exceptions.Define(name, class)
	if err != nil {
		return err
	}
	return c.Return(bind.ExceptionClass(c.L, defined))
}
