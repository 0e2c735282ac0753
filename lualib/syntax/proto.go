package syntax

// What is checked and mended in the finished prototype.
//
// List constructors: the compiler stores a list in portions of 50 values, and
// loses count where a call follows a full portion, where a named field follows
// one (it stores the portion again, from registers that have been used since),
// and above 511 portions.
//
// Limits: the numbers of upvalues, and the distance of a jump backwards, are cut
// off where they don't fit. The other limits are checked by the compiler.

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

const (
	maxUpvalues = 60 // as in lua5.1
	maxJump     = 1<<17 - 1

	// Beyond so many portions of a list the count has a word of its own,
	// for which the compiler leaves no room before a call that follows
	// exactly as many.
	maxShortPortions = 1<<9 - 1
)

func opcode(inst uint32) int { return int(inst >> 26) }
func argA(inst uint32) int   { return int(inst>>18) & 0xff }
func argB(inst uint32) int   { return int(inst) & 0x1ff }
func argC(inst uint32) int   { return int(inst>>9) & 0x1ff }
func argBx(inst uint32) int  { return int(inst) & 0x3ffff }

func withC(inst uint32, c int) uint32 { return inst&^(0x1ff<<9) | uint32(c)<<9 }

const nop = uint32(lua.OP_NOP) << 26

// finish mends a prototype and those inside it.
func finish(proto *lua.FunctionProto, scopes []*scope) {
	fn := scopes[0].fn
	if proto.LineDefined != 0 {
		fn = scopes[scopeOf(proto.LastLineDefined)].fn
	}
	mendLocals(proto, fn, scopes)
	clearScopes(proto)
	checkLimits(proto)
	mendLists(proto)
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

// mendLocals sets from where to where each local variable lives: the
// instructions between those limits, which themselves are not among them.
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
		switch inst := proto.Code[pc]; opcode(inst) {
		case lua.OP_JMP, lua.OP_FORLOOP:
			panic(&Error{Line: proto.DbgSourcePositions[pc], Message: "control structure too long"})
		case lua.OP_SETLIST:
			if argC(inst) == 0 {
				pc++
			}
		}
	}
}

// mendLists counts the portions of each list constructor anew. While one is
// being built, no other uses the same register.
func mendLists(proto *lua.FunctionProto) {
	var portions [256]int // by the table's register
	code := proto.Code
	for pc := 0; pc < len(code); pc++ {
		inst := code[pc]
		table := argA(inst)
		switch opcode(inst) {
		case lua.OP_CLOSURE:
			pc += int(proto.FunctionPrototypes[argBx(inst)].NumUpvalues)
		case lua.OP_NEWTABLE:
			portions[table] = 0
		case lua.OP_SETLIST:
			extended := argC(inst) == 0
			if storedAlready(code, pc) {
				code[pc] = nop
				if extended {
					pc++
					code[pc] = nop
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
				code[pc] = withC(inst, portions[table])
			}
		}
	}
}

// storedAlready says whether a portion was full before the named field that it
// comes after.
func storedAlready(code []uint32, pc int) bool {
	if argB(code[pc]) != lua.FieldsPerFlush || pc == 0 {
		return false
	}
	field := code[pc-1]
	set := opcode(field) == lua.OP_SETTABLE || opcode(field) == lua.OP_SETTABLEKS
	return set && argA(field) == argA(code[pc])
}
