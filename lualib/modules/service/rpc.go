package service

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/exceptions"
	"avescript/lualib/bind"
)

// rpcClass is the class of functions with marks, as Control.rpc makes them: an
// object that can still be called. The marks say who may call it over the network.
// They are fields, so that they are copied to the process of the service.
var rpcClass = bind.Class{
	Name: "Method",
	Meta: map[string]lua.LGFunction{"__call": callMarked},
}

const (
	markedFn         = "fn"
	markedRPC        = "rpc"
	markedAuth       = "auth"
	markedPreauth    = "preauth"
	markedConcurrent = "concurrent"
	markedResumable  = "resumable"
	markedOptional   = "optional"
)

// callMarked is a call inside the process. Defaults apply here too.
func callMarked(L *lua.LState) int {
	n, m := L.GetTop(), L.CheckTable(1)
	args := make([]lua.LValue, 0, n)
	for i := 2; i <= n; i++ {
		args = append(args, L.Get(i))
	}
	if optional := optionalOf(m.RawGetString(markedOptional)); optional != nil {
		args = withDefaults(m.RawGetString(markedFn), optional, args)
	}
	L.Push(m.RawGetString(markedFn))
	for _, arg := range args {
		L.Push(arg)
	}
	L.Call(len(args), lua.MultRet)
	return L.GetTop() - n
}

// marked returns v as a Method: v itself if it is one, or a new one for a function.
func marked(c *bind.Call, name string, v lua.LValue) (*lua.LTable, error) {
	if t, ok := v.(*lua.LTable); ok && t.Metatable == rpcClass.In(c.L) {
		return t, nil
	}
	if v.Type() != lua.LTFunction {
		return nil, exceptions.TypeError.Newf("Control.%s: argument 'method': %w", name, bind.Mismatch("a function", v))
	}
	t := c.L.NewTable()
	t.Metatable = rpcClass.In(c.L)
	t.RawSetString(markedFn, v)
	return t, nil
}

func mark(c *bind.Call, name, field string, value lua.LValue) error {
	m, err := marked(c, name, c.Arg(1))
	if err != nil {
		return err
	}
	m.RawSetString(field, value)
	return c.Return(m)
}

// markRPC is Control.rpc(method, optional?). Optional lists the parameters that a
// client may leave out, or has their defaults by name.
func markRPC(c *bind.Call) error {
	var fn lua.LValue
	var optional *lua.LTable
	if err := c.Args(&fn, &optional); err != nil {
		return err
	}
	m, err := marked(c, "rpc", fn)
	if err != nil {
		return err
	}
	if optional != nil {
		m.RawSetString(markedOptional, optional)
		if err := checkOptional(newMethod(nil, m)); err != nil {
			return err
		}
	}
	m.RawSetString(markedRPC, lua.LTrue)
	return c.Return(m)
}

// checkOptional returns an error for a name that is not a parameter of the
// function.
func checkOptional(m *method) error {
	for name := range m.optional {
		if m.index(name) < 0 {
			return exceptions.TypeError.Newf("Control.rpc: argument 'optional': the function has no parameter '%s'; it has %s",
				name, strings.Join(m.params, ", "))
		}
	}
	return nil
}

func markAuth(c *bind.Call) error       { return mark(c, "auth", markedAuth, lua.LTrue) }
func markConcurrent(c *bind.Call) error { return mark(c, "concurrent", markedConcurrent, lua.LTrue) }
func markResumable(c *bind.Call) error  { return mark(c, "resumable", markedResumable, lua.LTrue) }

// markPreauth is Control.preauth(account, ...)(method).
func markPreauth(c *bind.Call) error {
	accounts := c.L.NewTable()
	for i := 1; i <= c.Len(); i++ {
		if _, ok := c.Arg(i).(lua.LString); !ok {
			return exceptions.TypeError.Newf("Control.preauth: argument %d: %w", i, bind.Mismatch("the name of an account", c.Arg(i)))
		}
		accounts.Append(c.Arg(i))
	}
	if c.Len() == 0 {
		return exceptions.TypeError.Newf("Control.preauth: wanted the names of accounts, got nothing")
	}
	return c.Return(bind.Function(c.L, "Control.preauth(...)", "method", func(c *bind.Call) error {
		return mark(c, "preauth", markedPreauth, accounts)
	}))
}
