package vm

import (
	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bytecode"
)

// calledAs returns the name by which the caller, at pc, calls a function, and what
// the name is: "global", "local", "method", "field" or "upvalue". Both are "" if the
// function has no name there, or if the instruction is not a call.
func calledAs(caller *lua.LFunction, pc int) (name, kind string) {
	switch inst := caller.Proto.Code[pc]; bytecode.Op(inst) {
	case lua.OP_CALL, lua.OP_TAILCALL:
		return nameOfRegister(caller, bytecode.A(inst), pc)
	case lua.OP_TFORLOOP:
		return "(for generator)", "local"
	}
	return "", ""
}

// nameOfRegister returns where the value in a register came from.
func nameOfRegister(fn *lua.LFunction, register, pc int) (name, kind string) {
	if local, ok := fn.LocalName(register+1, pc); ok {
		return local, "local"
	}
	proto := fn.Proto
	at := loadOf(proto, register, pc)
	if at < 0 {
		return "", ""
	}
	inst := proto.Code[at]
	switch bytecode.Op(inst) {
	case lua.OP_MOVE:
		if from := bytecode.B(inst); from < register {
			return nameOfRegister(fn, from, at)
		}
	case lua.OP_MOVEN: // several moves in one: the others follow it
		if local, ok := fn.LocalName(bytecode.B(inst)+1, at); ok {
			return local, "local"
		}
	case lua.OP_GETUPVAL:
		if i := bytecode.B(inst); i < len(proto.DbgUpvalues) {
			return proto.DbgUpvalues[i], "upvalue"
		}
	case lua.OP_GETGLOBAL:
		return proto.Constants[bytecode.Bx(inst)].String(), "global"
	case lua.OP_GETTABLE, lua.OP_GETTABLEKS:
		return constantKey(proto, inst), "field"
	case lua.OP_SELF:
		return constantKey(proto, inst), "method"
	}
	return "", ""
}

// constantKey returns the key that an instruction reads, or "?" if it is not a constant
// string.
func constantKey(proto *lua.FunctionProto, inst uint32) string {
	if index, ok := bytecode.Constant(bytecode.C(inst)); ok {
		if key, ok := proto.Constants[index].(lua.LString); ok {
			return string(key)
		}
	}
	return "?"
}

// loadOf returns the last instruction before pc that may have put a function into the
// register, or -1.
func loadOf(proto *lua.FunctionProto, register, pc int) int {
	for at := pc - 1; at >= 0; at-- {
		inst := proto.Code[at]
		a := bytecode.A(inst)
		switch bytecode.Op(inst) {
		case lua.OP_MOVE, lua.OP_MOVEN, lua.OP_GETUPVAL, lua.OP_GETGLOBAL, lua.OP_GETTABLE, lua.OP_GETTABLEKS,
			lua.OP_SELF, lua.OP_CLOSURE, lua.OP_LOADK, lua.OP_NEWTABLE:
			if a == register {
				return at
			}
		case lua.OP_CALL, lua.OP_VARARG, lua.OP_TFORLOOP:
			if register >= a {
				return -1
			}
		}
	}
	return -1
}
