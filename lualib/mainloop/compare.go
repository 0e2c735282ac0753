package mainloop

import (
	lua "github.com/yuin/gopher-lua"
)

// equal compares two values, which are not both numbers.
func (m *machine) equal(x, y lua.LValue) bool {
	switch a := x.(type) {
	case *lua.LNilType:
		return isNil(y)
	case lua.LBool:
		b, ok := y.(lua.LBool)
		return ok && a == b
	case lua.LNumber:
		return false
	case lua.LString:
		b, ok := y.(lua.LString)
		return ok && a == b
	case *lua.LTable:
		b, ok := y.(*lua.LTable)
		return ok && (a == b || m.equalByMetamethod(x, y))
	case *lua.LUserData:
		b, ok := y.(*lua.LUserData)
		return ok && (a == b || m.equalByMetamethod(x, y))
	}
	return x == y
}

func (m *machine) equalByMetamethod(x, y lua.LValue) bool {
	handler := m.common(x, y, "__eq")
	return !isNil(handler) && !isFalse(m.call2(handler, x, y))
}

// common returns the metamethod that two values share, or nil.
func (m *machine) common(x, y lua.LValue, event string) lua.LValue {
	a := m.metamethod(x, event)
	if isNil(a) {
		return a
	}
	if b := m.metamethod(y, event); a == b {
		return a
	}
	return lua.LNil
}

func (m *machine) less(x, y lua.LValue) bool {
	if a, ok := x.(lua.LString); ok {
		if b, ok := y.(lua.LString); ok {
			return a < b
		}
	}
	if x.Type() == y.Type() {
		if handler := m.common(x, y, "__lt"); !isNil(handler) {
			return !isFalse(m.call2(handler, x, y))
		}
	}
	m.cannotCompare(x, y)
	return false
}

func (m *machine) lessOrEqual(x, y lua.LValue) bool {
	if a, ok := x.(lua.LString); ok {
		if b, ok := y.(lua.LString); ok {
			return a <= b
		}
	}
	if x.Type() == y.Type() {
		if handler := m.common(x, y, "__le"); !isNil(handler) {
			return !isFalse(m.call2(handler, x, y))
		}
		if handler := m.common(y, x, "__lt"); !isNil(handler) {
			return isFalse(m.call2(handler, y, x))
		}
	}
	m.cannotCompare(x, y)
	return false
}
