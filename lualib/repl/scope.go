package repl

import (
	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// scope is where inputs run: in a call of a stack. A name means a local variable of that
// call, or else an upvalue, or else a global variable of its function. The nil scope only
// has global variables.
type scope struct {
	stack *vm.Stack
	call  int
	table *lua.LTable // the environment of the inputs
}

// scopeName is the field of the environment that is the environment itself.
const scopeName = "_SCOPE_OF_THE_PROMPT"

// newScope makes the scope of a call. library is the function require, which makes the
// variable ave at its first use; nil if the variable is not made that way.
func newScope(L *lua.LState, stack *vm.Stack, call int, library lua.LValue) *scope {
	s := &scope{stack: stack, call: call, table: L.NewTable()}
	meta := L.NewTable()
	meta.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		name := L.Get(2)
		value, ok := s.variable(name)
		if !ok {
			value = L.GetTable(s.environment(), name)
		}
		switch {
		case name == lua.LString(scopeName):
			value = s.table
		case !ok && value == lua.LNil && name == lua.LString("ave") && library != nil:
			value = bind.Invoke(L, library, "ave")
		}
		L.Push(value)
		return 1
	}))
	meta.RawSetString("__newindex", L.NewFunction(func(L *lua.LState) int {
		name, ok := L.Get(2).(lua.LString)
		if !ok || !stack.Set(call, string(name), L.Get(3)) {
			L.SetTable(s.environment(), L.Get(2), L.Get(3))
		}
		return 0
	}))
	s.table.Metatable = meta
	return s
}

func (s *scope) environment() *lua.LTable { return s.stack.Environment(s.call) }

// variable is the value of a local variable or upvalue.
func (s *scope) variable(name lua.LValue) (lua.LValue, bool) {
	text, ok := name.(lua.LString)
	if s == nil || !ok {
		return lua.LNil, false
	}
	return s.stack.Get(s.call, string(text))
}

// keeper is the table that keeps the variables declared at the prompt.
func (s *scope) keeper() string {
	if s == nil {
		return "_G"
	}
	return scopeName
}

// names are the names of the variables, and of globals that only the function has.
func (g globals) scopeNames() (names []string) {
	if g.scope == nil {
		return nil
	}
	for _, v := range g.scope.stack.Variables(g.scope.call) {
		names = append(names, v.Name)
	}
	return append(names, g.names(g.scope.environment())...)
}
