package repl

import (
	"context"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/printable"
	"avescript/core/probe"
	"avescript/lualib/bind"
	"avescript/lualib/modules/service"
	"avescript/lualib/vm"
)

// methodHelp is the help for a method of a service, by the client of the service. It is ""
// if the value is not a client, or if the client itself has a method of this name.
func methodHelp(L *lua.LState, client lua.LValue, name string) (string, error) {
	if object, ok := client.(*lua.LTable); !ok || hasItself(object, name) {
		return "", nil
	}
	methods, err := methodsOf(L, client)
	if methods == nil || err != nil {
		return "", err
	}
	names := make([]string, len(methods))
	for i, m := range methods {
		if m.Name == name {
			// All of it comes from the service.
			return printable.Lines(strings.TrimRight(usage(m)+"\n    method of the service\n\n"+m.Doc, "\n")+"\n", ""), nil
		}
		names[i] = m.Name
	}
	return "", fmt.Errorf("the service has no method %q; it has %s", name, strings.Join(names, ", "))
}

// serviceHelp lists the methods of the service that a client calls; "" if the value is not
// a client.
func serviceHelp(L *lua.LState, value lua.LValue) string {
	methods, err := methodsOf(L, value)
	switch {
	case err != nil:
		return "\nThe methods of the service are not known: " + printable.Lines(err.Error(), "") + "\n"
	case methods == nil:
		return ""
	}
	text := "\nMethods of the service\n"
	for _, m := range methods {
		text += "  " + printable.Line(usage(m)) + "\n"
	}
	return text
}

// hasItself reports whether a name is a field of an object or its class, and not a method
// of the service.
func hasItself(object *lua.LTable, name string) bool {
	class, _ := object.Metatable.(*lua.LTable)
	for ; class != nil; class = bind.ParentOf(class) {
		if class.RawGetString(name) != lua.LNil {
			return true
		}
	}
	return object.RawGetString(name) != lua.LNil
}

// methodsOf are the methods of the service that a client calls; nil if the value is not a
// client. It waits until the service has listed them.
func methodsOf(L *lua.LState, client lua.LValue) ([]probe.Method, error) {
	methods, later, err := service.Methods(client)
	if later == nil {
		return methods, err
	}
	vm.Unlocked(L, func(ctx context.Context) {
		select {
		case <-later:
		case <-ctx.Done():
		}
	})
	methods, _, err = service.Methods(client)
	return methods, err
}

// usage is how a method is called: "echo(value, times=3)".
func usage(m probe.Method) string { return m.Name + "(" + strings.Join(m.Parameters, ", ") + ")" }
