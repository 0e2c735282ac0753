package mainloop

import (
	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bytecode"
	"avescript/lualib/number"
)

// events are the metamethods of the arithmetic instructions.
var events = map[int]string{
	lua.OP_ADD: "__add",
	lua.OP_SUB: "__sub",
	lua.OP_MUL: "__mul",
	lua.OP_DIV: "__div",
	lua.OP_MOD: "__mod",
	lua.OP_POW: "__pow",
	lua.OP_UNM: "__unm",
}

// arith calculates what is not done in the loop itself: with strings, metamethods
// and ^. The metamethod of a unary minus gets its operand twice.
func (m *machine) arith(inst uint32, x, y lua.LValue) {
	a, ok := toNumber(x)
	if ok {
		if b, ok := toNumber(y); ok {
			m.setNumber(inst, calculate(bytecode.Op(inst), a, b))
			return
		}
	}
	event := events[bytecode.Op(inst)]
	handler := m.metamethod(x, event)
	if isNil(handler) {
		handler = m.metamethod(y, event)
	}
	if isNil(handler) {
		if ok {
			m.typeError("perform arithmetic on", bytecode.C(inst), y)
		}
		m.typeError("perform arithmetic on", bytecode.B(inst), x)
	}
	result := m.call2(handler, x, y)
	m.set(inst, result)
}

func calculate(op int, x, y float64) float64 {
	switch op {
	case lua.OP_ADD:
		return x + y
	case lua.OP_SUB:
		return x - y
	case lua.OP_MUL:
		return x * y
	case lua.OP_DIV:
		return x / y
	case lua.OP_MOD:
		return modulo(x, y)
	case lua.OP_POW:
		return number.Power(x, y)
	}
	return -x
}

// toNumber converts a number or a string that is written like one.
func toNumber(v lua.LValue) (float64, bool) {
	switch v := v.(type) {
	case lua.LNumber:
		return float64(v), true
	case lua.LString:
		return number.Parse(string(v))
	}
	return 0, false
}

// prepareLoop checks the three numbers of a for, which may be strings, and takes a
// step back, because the loop begins with one.
func (m *machine) prepareLoop(inst uint32) {
	a := bytecode.A(inst)
	regs := (*[3]lua.LValue)(m.window[a : a+3])
	names := [...]string{"initial value", "limit", "step"}
	var bounds [3]float64
	for i, v := range regs {
		x, ok := toNumber(v)
		if !ok {
			m.raise("'for' " + names[i] + " must be a number")
		}
		bounds[i] = x
		if _, ok := v.(lua.LNumber); !ok {
			m.loop.numbers.set(&regs[i], x)
		}
	}
	m.loop.numbers.set(&regs[0], bounds[0]-bounds[2])
}

// loopFault raises the error for a loop whose numbers were replaced by other values,
// which only the debug library can do.
func (m *machine) loopFault(regs *[4]lua.LValue) {
	names := [...]string{"initial value", "limit", "step"}
	for i, name := range names {
		if _, ok := regs[i].(lua.LNumber); !ok {
			m.raise("'for' " + name + " must be a number")
		}
	}
}
