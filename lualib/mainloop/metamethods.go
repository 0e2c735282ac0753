package mainloop

import (
	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bytecode"
)

// metamethod returns a field of the metatable of a value, nil if it has none.
func (m *machine) metamethod(v lua.LValue, event string) lua.LValue {
	switch v := v.(type) {
	case *lua.LTable:
		return field(v.Metatable, event)
	case *lua.LUserData:
		return field(v.Metatable, event)
	}
	return field(m.state.G.builtinMts[int(v.Type())], event)
}

// field returns a field of a metatable, nil if there is no table.
func field(metatable lua.LValue, event string) lua.LValue {
	if t, ok := metatable.(*lua.LTable); ok {
		if v, ok := tableOf(t).strdict[event]; ok {
			return v
		}
	}
	return lua.LNil
}

// iterate calls the iterator of a for. If there is a next value, the jump that follows
// goes back to the body.
func (m *machine) iterate(inst uint32) {
	f := m.frame
	a, n := bytecode.A(inst), bytecode.C(inst)
	regs := m.window[a : a+6]
	copy(regs[3:], regs[:3])
	at := f.LocalBase + a + 3
	if fn, ok := regs[0].(*lua.LFunction); ok && fn.IsG {
		m.callGo(fn, at, 2, n)
	} else {
		if !ok {
			m.mustBeCallable(regs[0])
		}
		m.reg.top = at + 3
		m.L.Call(2, n)
		m.refresh()
	}
	if v := m.window[a+3]; !isNil(v) {
		m.window[a+2] = v
		f.Pc += bytecode.Distance(m.code[f.Pc])
	}
	f.Pc++
}
