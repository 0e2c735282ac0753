package syntax

// Checks and repairs the finished prototype.
//
// List constructors: the compiler stores a list in batches of 50 values. It
// miscounts if a call follows a full batch, if a named field follows one (it stores
// the batch again, from registers that have been used since), and if there are more
// than 511 batches.
//
// Limits: the compiler cuts off the number of upvalues and the distance of a
// backward jump if they do not fit. It checks the other limits itself.

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bytecode"
)

const (
	maxUpvalues = 60 // as in lua5.1
	maxJump     = 1<<17 - 1

	// Beyond this number of batches the count is in a word of its own. The compiler
	// leaves no room for it before a call that follows exactly this number.
	maxShortPortions = 1<<9 - 1
)

// finish repairs a prototype and those inside it.
func finish(proto *lua.FunctionProto, scopes []*scope) {
	fn := scopes[0].fn
	if proto.LineDefined != 0 {
		fn = scopes[scopeOf(proto.LastLineDefined)].fn
	}
	mendLocals(proto, fn, scopes)
	clearScopes(proto)
	checkLimits(proto)
	mendLists(proto)
	mendRegisters(proto)
	for _, child := range proto.FunctionPrototypes {
		finish(child, scopes)
	}
}

func clearScopes(proto *lua.FunctionProto) {
	proto.LineDefined = lineOf(proto.LineDefined)
	proto.LastLineDefined = lineOf(proto.LastLineDefined)
	for i, line := range proto.DbgSourcePositions {
		proto.DbgSourcePositions[i] = lineOf(line)
	}
}

// mendLocals sets where each local variable begins and ends: it exists between
// these two instructions, not at them.
func mendLocals(proto *lua.FunctionProto, fn *function, scopes []*scope) {
	ends := make(map[*scope]int)
	for pc := len(proto.DbgSourcePositions) - 1; pc >= 0; pc-- {
		s := scopes[scopeOf(proto.DbgSourcePositions[pc])]
		for ; s != nil && s.fn == fn && ends[s] == 0; s = s.parent {
			ends[s] = pc + 1
		}
	}
	for i, local := range fn.locals {
		proto.DbgLocals[i].StartPc--
		proto.DbgLocals[i].EndPc = ends[local.scope]
	}
}

func checkLimits(proto *lua.FunctionProto) {
	if len(proto.DbgUpvalues) > maxUpvalues {
		panic(&Error{Line: proto.LastLineDefined, Message: fmt.Sprintf(
			"function at line %d has more than %d upvalues", proto.LineDefined, maxUpvalues)})
	}
	if len(proto.Code) <= maxJump {
		return
	}
	for pc := 0; pc < len(proto.Code); pc++ {
		switch inst := proto.Code[pc]; bytecode.Op(inst) {
		case lua.OP_JMP, lua.OP_FORLOOP:
			panic(&Error{Line: proto.DbgSourcePositions[pc], Message: "control structure too long"})
		case lua.OP_SETLIST:
			if bytecode.C(inst) == 0 {
				pc++
			}
		}
	}
}

// mendLists counts the batches of each list constructor again. While a list is
// being built, no other one uses the same register.
func mendLists(proto *lua.FunctionProto) {
	var portions [256]int // by the register of the table
	code := proto.Code
	for pc := 0; pc < len(code); pc++ {
		inst := code[pc]
		table := bytecode.A(inst)
		switch bytecode.Op(inst) {
		case lua.OP_CLOSURE:
			pc += int(proto.FunctionPrototypes[bytecode.Bx(inst)].NumUpvalues)
		case lua.OP_NEWTABLE:
			portions[table] = 0
		case lua.OP_SETLIST:
			extended := bytecode.C(inst) == 0
			if storedAlready(code, pc) {
				code[pc] = bytecode.Nop
				if extended {
					pc++
					code[pc] = bytecode.Nop
				}
				continue
			}
			portions[table]++
			switch {
			case extended:
				pc++
				code[pc] = uint32(portions[table])
			case portions[table] > maxShortPortions:
				panic(&Error{Line: proto.DbgSourcePositions[pc], Message: "constructor too long"})
			default:
				code[pc] = bytecode.WithC(inst, portions[table])
			}
		}
	}
}

// storedAlready reports whether a batch was full before the named field that
// follows it.
func storedAlready(code []uint32, pc int) bool {
	if bytecode.B(code[pc]) != lua.FieldsPerFlush || pc == 0 {
		return false
	}
	field := code[pc-1]
	set := bytecode.Op(field) == lua.OP_SETTABLE || bytecode.Op(field) == lua.OP_SETTABLEKS
	return set && bytecode.A(field) == bytecode.A(code[pc])
}
