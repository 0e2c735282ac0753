package service

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

// method describes a method of a service.
type method struct {
	control.Method
	object   *lua.LTable
	fn       lua.LValue
	params   []string // without self
	variadic bool
	optional map[string]lua.LValue // the default or nil, by the name of the parameter
}

// methodsOf finds all methods of an object and its classes, even those that are not
// RPCs, because their error differs from that of an unknown method.
func methodsOf(self *lua.LTable) map[string]*method {
	methods := map[string]*method{}
	add := func(t *lua.LTable) {
		for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
			name, ok := k.(lua.LString)
			if !ok || strings.HasPrefix(string(name), "__") || methods[string(name)] != nil {
				continue
			}
			if m := newMethod(self, v); m != nil {
				methods[string(name)] = m
			}
		}
	}
	add(self)
	for class, _ := self.Metatable.(*lua.LTable); class != nil; class = bind.ParentOf(class) {
		add(class)
	}
	return methods
}

// newMethod makes a method from a value: a function, with marks or without. It
// returns nil for other values.
func newMethod(object *lua.LTable, v lua.LValue) *method {
	m := &method{object: object, fn: v}
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
	m.Target = m
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

// parameters returns the names of a Lua function's parameters, without self. A Go
// function takes any arguments.
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

// callValues are the arguments of a call. Keywords is usually nil.
type callValues struct {
	positional []lua.LValue
	keywords   *lua.LTable
	err        error
}

// decodeCall needs no lock.
func decodeCall(c *codec.Codec, call *control.Call) *callValues {
	values := &callValues{}
	values.positional, values.err = c.DecodeList(call.Vargs)
	if values.err == nil && string(call.Kwargs) != "{}" {
		var keywords lua.LValue
		keywords, values.err = c.Decode(call.Kwargs)
		values.keywords, _ = keywords.(*lua.LTable)
	}
	return values
}

// arguments returns the arguments of a call in the order of the function's
// parameters.
func (m *method) arguments(L *lua.LState, call *control.Call) ([]lua.LValue, error) {
	values, decoded := call.Values.(*callValues)
	if !decoded {
		values = decodeCall(codec.ForRPC(L), call)
	}
	if values.err != nil {
		return nil, values.err
	}
	args := values.positional
	given := len(args)
	if given > len(m.params) && !m.variadic {
		return nil, m.typeError(call, "takes at most %s (%d given)", plural(len(m.params)), given)
	}
	for len(args) < len(m.params) {
		args = append(args, nil)
	}
	if values.keywords != nil {
		if err := m.putKeywords(call, values.keywords, args); err != nil {
			return nil, err
		}
	}
	for i, arg := range args {
		if arg != nil {
			continue
		}
		value, ok := m.optional[m.params[i]]
		if !ok {
			return nil, m.typeError(call, "needs the argument '%[1]s' (it takes %[2]s; %[3]d given); the service can make it optional: Control.rpc(method, { %[1]s = default })",
				m.params[i], m.paramList(), given)
		}
		args[i] = ownCopy(value)
	}
	return args, nil
}

// putKeywords puts the keyword arguments of a call into their places.
func (m *method) putKeywords(call *control.Call, named *lua.LTable, args []lua.LValue) error {
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
