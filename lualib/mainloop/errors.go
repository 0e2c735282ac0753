package mainloop

import (
	"avescript/lualib/bytecode"

	lua "github.com/yuin/gopher-lua"
)

// raise raises an error with the place of the current instruction. It does not
// return.
func (m *machine) raise(text string) {
	m.L.RaiseError("%s", text)
}

// typeError raises lua5.1's error for a value of a wrong type. The operand is where the
// value is, a register or a constant; -1 if it is nowhere.
func (m *machine) typeError(action string, operand int, v lua.LValue) {
	kind := v.Type().String() + " value"
	if o := m.origin(operand); o.kind != "" {
		text := "attempt to " + action + " " + o.kind + " '" + o.name + "' (a " + kind + ")"
		if isNil(v) {
			text += m.hint(o)
		}
		m.raise(text)
	}
	m.raise("attempt to " + action + " a " + kind)
}

// cannotIndex raises the error for a value that has no fields. It is not named if it
// is not the operand of the instruction, but an __index.
func (m *machine) cannotIndex(v lua.LValue, named bool) {
	operand := -1
	inst := m.current()
	if named {
		switch bytecode.Op(inst) {
		case lua.OP_GETTABLE, lua.OP_GETTABLEKS, lua.OP_SELF:
			operand = bytecode.B(inst)
		case lua.OP_SETTABLE, lua.OP_SETTABLEKS:
			operand = bytecode.A(inst)
		}
	}
	m.typeError("index", operand, v)
}

// cannotCompare raises the error for values that have no order.
func (m *machine) cannotCompare(x, y lua.LValue) {
	a, b := x.Type().String(), y.Type().String()
	if a[2] == b[2] { // as lua5.1 compares the names, so a string and a thread are "two strings"
		m.raise("attempt to compare two " + a + " values")
	}
	m.raise("attempt to compare " + a + " with " + b)
}

func (m *machine) hint(o origin) string {
	if m.loop.hooks.Hint == nil {
		return ""
	}
	var in lua.LValue
	if o.in != nil {
		in = o.in()
	}
	return m.loop.hooks.Hint(m.L, in, o.name)
}
