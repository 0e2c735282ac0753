package syntax

import (
	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bytecode"
)

// emit adds an instruction on the line of the token before the current one, and
// returns its index.
func (fn *function) emit(inst uint32) int {
	pc := len(fn.code)
	for _, jump := range fn.pending {
		fn.aim(jump, pc)
	}
	fn.pending = fn.pending[:0]
	fn.code = append(fn.code, inst)
	fn.lines = append(fn.lines, fn.parser.lastLine)
	return pc
}

// place moves the last instruction to a line.
func (fn *function) place(line int) { fn.lines[len(fn.lines)-1] = line }

// emitClose makes the closures that use local variables keep these for themselves.
func (fn *function) emitClose(level int) { fn.emit(bytecode.ABC(lua.OP_CLOSE, level, 0, 0)) }

// emitNil sets registers to nil, if possible together with those before.
func (fn *function) emitNil(first, count int) {
	if last := len(fn.code) - 1; last >= 0 && last >= fn.target {
		if inst := fn.code[last]; bytecode.Op(inst) == lua.OP_LOADNIL {
			if from, to := bytecode.A(inst), bytecode.B(inst); from <= first && first <= to+1 {
				fn.code[last] = bytecode.WithB(inst, max(to, first+count-1))
				return
			}
		}
	}
	fn.emit(bytecode.ABC(lua.OP_LOADNIL, first, first+count-1, 0))
}

// emitJump adds a jump whose target is not known yet. Jumps that would go to it go to
// its target instead, so it returns all of them.
func (fn *function) emitJump() []int {
	waiting := fn.pending
	fn.pending = nil
	pc := fn.emit(bytecode.Jump(lua.OP_JMP, 0, 0))
	return append(waiting, pc)
}

// aim sets the target of a jump that is taken for its own sake: nobody wants the value
// that decided about it.
func (fn *function) aim(jump, target int) {
	fn.keepValue(jump, bytecode.NoRegister)
	fn.setTarget(jump, target)
}

func (fn *function) setTarget(jump, target int) {
	distance := target - (jump + 1)
	if distance > bytecode.MaxDistance || distance < -bytecode.MaxDistance {
		fn.parser.fail("control structure too long")
	}
	fn.code[jump] = bytecode.WithDistance(fn.code[jump], distance)
}

// here returns the index of the next instruction, for jumps to it.
func (fn *function) here() int {
	fn.target = len(fn.code)
	return fn.target
}

// jumpHere makes jumps go to the next instruction.
func (fn *function) jumpHere(jumps []int) {
	fn.here()
	fn.pending = append(fn.pending, jumps...)
}

// jumpTo makes jumps go to an instruction.
func (fn *function) jumpTo(jumps []int, target int) {
	if target == len(fn.code) {
		fn.jumpHere(jumps)
		return
	}
	for _, jump := range jumps {
		fn.aim(jump, target)
	}
}

// condition returns the index of the instruction that decides about a jump.
func (fn *function) condition(jump int) int {
	if jump > 0 {
		switch bytecode.Op(fn.code[jump-1]) {
		case lua.OP_EQ, lua.OP_LT, lua.OP_LE, lua.OP_TEST, lua.OP_TESTSET, lua.OP_TFORLOOP:
			return jump - 1
		}
	}
	return jump
}

// keepValue makes a jump leave the value that decides about it in a register. It
// reports whether there is such a value, and not only a comparison.
func (fn *function) keepValue(jump, register int) bool {
	at := fn.condition(jump)
	inst := fn.code[at]
	if bytecode.Op(inst) != lua.OP_TESTSET {
		return false
	}
	if from := bytecode.B(inst); register == bytecode.NoRegister || register == from {
		fn.code[at] = bytecode.ABC(lua.OP_TEST, from, 0, bytecode.C(inst))
	} else {
		fn.code[at] = bytecode.WithA(inst, register)
	}
	return true
}

// reserve takes registers for values.
func (fn *function) reserve(count int) {
	fn.demand(count)
	fn.free += count
}

// demand makes sure that registers exist.
func (fn *function) demand(count int) {
	if fn.free+count >= maxRegisters {
		fn.parser.fail("function or expression too complex")
	}
	fn.most = max(fn.most, fn.free+count)
}

// release gives a temporary register back; it must be the last one that was taken.
func (fn *function) release(operand int) {
	if _, constant := bytecode.Constant(operand); !constant && operand >= len(fn.locals) {
		fn.free--
	}
}

// unemit takes back the last instruction.
func (fn *function) unemit() {
	last := len(fn.code) - 1
	fn.code, fn.lines = fn.code[:last], fn.lines[:last]
}
