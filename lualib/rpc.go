package lualib

import (
	"fmt"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/control"
	"avescript/core/exceptions"
	"avescript/lualib/bind"
	"avescript/lualib/codec"
)

// rpcClass is what Control.rpc and its like make of a function: an object that
// can still be called, with marks that say who may call it over the network.
// The marks are fields, so that a class with its methods can be copied to the
// process of its service.
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

func callMarked(L *lua.LState) int {
	n := L.GetTop()
	L.Push(L.CheckTable(1).RawGetString(markedFn))
	for i := 2; i <= n; i++ {
		L.Push(L.Get(i))
	}
	L.Call(n-1, lua.MultRet)
	return L.GetTop() - n
}

// marked is v as a Method: v itself if it is one, or a new one around a
// function.
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

// markRPC is Control.rpc(method, optional?). Optional lists the parameters that
// a client may leave out, or gives them defaults by their names.
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
		if err := checkOptional(newMethod(m)); err != nil {
			return err
		}
	}
	m.RawSetString(markedRPC, lua.LTrue)
	return c.Return(m)
}

// checkOptional finds a name that the function has no parameter for.
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

// newMethod reads a method of a class: a function, or one with marks. Nil is
// neither.
func newMethod(v lua.LValue) *method {
	m := &method{fn: v}
	if t, ok := v.(*lua.LTable); ok {
		m.fn = t.RawGetString(markedFn)
		m.Method = control.Method{
			RPC:        t.RawGetString(markedRPC) == lua.LTrue,
			Auth:       t.RawGetString(markedAuth) == lua.LTrue,
			Concurrent: t.RawGetString(markedConcurrent) == lua.LTrue,
			Resumable:  t.RawGetString(markedResumable) == lua.LTrue,
			Preauth:    accountsOf(t.RawGetString(markedPreauth)),
		}
		m.optional = optionalOf(t.RawGetString(markedOptional))
	}
	fn, ok := m.fn.(*lua.LFunction)
	if !ok {
		return nil
	}
	m.params, m.variadic = parameters(fn)
	return m
}

func accountsOf(v lua.LValue) []string {
	t, ok := v.(*lua.LTable)
	if !ok {
		return nil
	}
	accounts := []string{}
	for i := 1; i <= t.Len(); i++ {
		accounts = append(accounts, t.RawGetInt(i).String())
	}
	return accounts
}

func optionalOf(v lua.LValue) map[string]lua.LValue {
	t, ok := v.(*lua.LTable)
	if !ok {
		return nil
	}
	optional := map[string]lua.LValue{}
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		if name, ok := k.(lua.LString); ok {
			optional[string(name)] = v
		} else {
			optional[v.String()] = lua.LNil
		}
	}
	return optional
}

// parameters are the names of a Lua function's parameters without self. A Go
// function takes anything.
func parameters(fn *lua.LFunction) (names []string, variadic bool) {
	if fn.Proto == nil {
		return nil, true
	}
	for _, local := range fn.Proto.DbgLocals[:fn.Proto.NumParameters] {
		names = append(names, local.Name)
	}
	if len(names) > 0 {
		names = names[1:]
	}
	return names, fn.Proto.IsVarArg != 0
}

func (m *method) index(name string) int { return slices.Index(m.params, name) }

// arguments puts the positional and the keyword arguments of a call where the
// function expects them.
func (m *method) arguments(L *lua.LState, call *control.Call) ([]lua.LValue, error) {
	args, err := codec.For(L).DecodeList(call.Vargs)
	if err != nil {
		return nil, err
	}
	given := len(args)
	if given > len(m.params) && !m.variadic {
		return nil, m.typeError(call, "takes at most %s (%d given)", plural(len(m.params)), given)
	}
	for len(args) < len(m.params) {
		args = append(args, nil)
	}
	if err := m.putKeywords(L, call, args); err != nil {
		return nil, err
	}
	for i, arg := range args {
		if arg != nil {
			continue
		}
		value, ok := m.optional[m.params[i]]
		if !ok {
			return nil, m.typeError(call, "needs the argument '%s' (it takes %s; %d given)", m.params[i], m.paramList(), given)
		}
		args[i] = value
	}
	return args, nil
}

// putKeywords puts the keyword arguments of a call among its arguments. Most
// calls have none.
func (m *method) putKeywords(L *lua.LState, call *control.Call, args []lua.LValue) error {
	if string(call.Kwargs) == "{}" {
		return nil
	}
	keywords, err := codec.For(L).Decode(call.Kwargs)
	if err != nil {
		return err
	}
	named, _ := keywords.(*lua.LTable)
	for k, v := named.Next(lua.LNil); k != lua.LNil; k, v = named.Next(k) {
		i := m.index(k.String())
		if i < 0 {
			return m.typeError(call, "got an unexpected keyword argument '%s'", k)
		}
		if args[i] != nil {
			return m.typeError(call, "got multiple values for argument '%s'", k)
		}
		if codec.IsNull(v) {
			v = lua.LNil
		}
		args[i] = v
	}
	return nil
}

func (m *method) paramList() string { return strings.Join(m.params, ", ") }

func (m *method) typeError(call *control.Call, format string, args ...any) error {
	return exceptions.TypeError.Newf("%s() %s", call.Method, fmt.Sprintf(format, args...))
}

func plural(n int) string {
	if n == 1 {
		return "1 argument"
	}
	return fmt.Sprintf("%d arguments", n)
}
