package mainloop

import (
	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bytecode"
)

// A number that an instruction calculates only for the next one does not need a place in
// memory. This is known if its register is none of a local variable, because the compiler
// uses a temporary register once. So [Annotate] writes the first register that is never
// a local variable's behind the code of a function, where nothing else looks: as an
// instruction with an opcode that does not exist, beyond the length of the slice.

const annotation = 1<<(32-shiftOp) - 1

// Annotate prepares a prototype and those inside it for the loop. It is called before
// anything uses them, but code without it is executed as well. It relies on DbgLocals, which must have all
// local variables, those of loops included, in the order of their beginning.
func Annotate(proto *lua.FunctionProto) {
	n := len(proto.Code)
	first := uint32(firstTemporary(proto))
	proto.Code = append(proto.Code, annotation<<shiftOp|first)[:n]
	for _, inner := range proto.FunctionPrototypes {
		Annotate(inner)
	}
}

// firstTemporary returns how many local variables a function has at most at a time.
func firstTemporary(proto *lua.FunctionProto) int {
	most := int(proto.NumParameters) + 1 // there may be "arg"
	var ends []int                       // of the variables that exist, the latest last
	for _, local := range proto.DbgLocals {
		for len(ends) > 0 && ends[len(ends)-1] <= local.StartPc {
			ends = ends[:len(ends)-1]
		}
		end := local.EndPc
		if end <= local.StartPc {
			end = len(proto.Code) // it is not known
		}
		ends = append(ends, end)
		most = max(most, len(ends))
	}
	return most
}

// temporaries returns the annotation of code, or a number that no register has.
func temporaries(code []uint32) uint32 {
	if n := len(code); n < cap(code) {
		if inst := code[:n+1][n]; inst>>shiftOp == annotation {
			return inst & 0x1ff
		}
	}
	return windowSize
}

// result stores the result of a calculation. As long as it is temporary and the next
// instruction calculates with it, that is executed too, unless somebody looks at each
// instruction. If the other operand is not a number, it is not.
func (m *machine) result(inst uint32, x float64) {
	for {
		a := inst >> shiftA & 0xff
		if a < m.temporaries {
			break
		}
		next := m.code[m.frame.Pc]
		op := next >> shiftOp
		if op-uint32(lua.OP_ADD) > uint32(lua.OP_MOD-lua.OP_ADD) {
			break
		}
		left, right := next&0x1ff == a, next>>shiftC&0x1ff == a
		if left == right || m.attention.Load() != 0 {
			break
		}
		if left {
			y, ok := m.c(next).(lua.LNumber)
			if !ok {
				break
			}
			x = calculate(int(op), x, float64(y))
		} else {
			y, ok := m.b(next).(lua.LNumber)
			if !ok {
				break
			}
			x = calculate(int(op), float64(y), x)
		}
		m.frame.Pc++
		inst = next
	}
	m.loop.numbers.set(&m.window[bytecode.A(inst)], x)
}
