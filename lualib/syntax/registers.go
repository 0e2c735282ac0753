package syntax

import (
	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bytecode"
)

// Repairs what the main loop relies on, in a finished prototype. The compiler counts too
// few registers if the last argument of a call is a function expression. And it compiles
// "return (f())" to a call with one result, and a return of everything up to the top.

// maxWindow is the number of registers that an instruction can name.
const maxWindow = 1 << 8

func mendRegisters(proto *lua.FunctionProto) {
	used := max(int(proto.NumUsedRegisters), int(proto.NumParameters)+1)
	code := proto.Code
	for pc := 0; pc < len(code); pc++ {
		inst := code[pc]
		used = max(used, registersOf(inst))
		switch bytecode.Op(inst) {
		case lua.OP_CALL:
			if bytecode.C(inst) == 2 && pc+1 < len(code) && isOpenReturn(code[pc+1], bytecode.A(inst)) {
				code[pc+1] = bytecode.WithB(code[pc+1], 2)
			}
		case lua.OP_CLOSURE:
			pc += int(proto.FunctionPrototypes[bytecode.Bx(inst)].NumUpvalues)
		case lua.OP_SETLIST:
			if bytecode.C(inst) == 0 {
				pc++
			}
		}
	}
	if used >= maxWindow {
		panic(&Error{Line: max(1, proto.LineDefined), Message: "function or expression too complex"})
	}
	proto.NumUsedRegisters = uint8(used)
}

func isOpenReturn(inst uint32, register int) bool {
	return bytecode.Op(inst) == lua.OP_RETURN && bytecode.A(inst) == register && bytecode.B(inst) == 0
}

// registersOf returns how many registers a function has at least that contains the
// instruction.
func registersOf(inst uint32) int {
	a := bytecode.A(inst)
	switch bytecode.Op(inst) {
	case lua.OP_JMP, lua.OP_NOP:
		return 0
	case lua.OP_SELF:
		return a + 2
	case lua.OP_LOADNIL:
		return bytecode.B(inst) + 1
	case lua.OP_CONCAT:
		return max(a, bytecode.C(inst)) + 1
	case lua.OP_FORLOOP, lua.OP_FORPREP:
		return a + 4
	case lua.OP_TFORLOOP:
		return a + 3 + max(3, bytecode.C(inst))
	case lua.OP_CALL:
		return a + max(1, bytecode.B(inst), bytecode.C(inst)-1)
	case lua.OP_TAILCALL, lua.OP_SETLIST:
		return a + max(1, bytecode.B(inst)+1)
	case lua.OP_RETURN, lua.OP_VARARG:
		return a + max(1, bytecode.B(inst)-1)
	}
	return a + 1
}
