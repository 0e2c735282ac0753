package mainloop

import (
	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bytecode"
)

// This file finds out where the value in a register came from, for messages. As in
// lua5.1, it goes through the instructions of the function up to the current one, and
// looks which of them has set the register last.

// origin is a variable or a field. kind is "" if the value is the result of an
// expression. in returns the value in which a name was looked up, nil if that is not
// known; it is nil for a variable.
type origin struct {
	kind, name string
	in         func() lua.LValue
}

// origin returns where the operand of the current instruction came from.
func (m *machine) origin(operand int) origin {
	if operand < 0 || operand >= constantB {
		return origin{}
	}
	return m.originAt(operand, m.frame.Pc-1)
}

// originAt returns where the value came from that is in a register at pc.
func (m *machine) originAt(register, pc int) origin {
	fn := m.frame.Fn
	proto := fn.Proto
	if name := local(proto, register, pc); name != "" {
		return origin{kind: "local", name: name}
	}
	at := lastSet(proto, register, pc)
	if at < 0 {
		return origin{}
	}
	inst := proto.Code[at]
	switch bytecode.Op(inst) {
	case lua.OP_MOVE, lua.OP_MOVEN:
		if from := bytecode.B(inst); from < bytecode.A(inst) {
			return m.originAt(from, at)
		}
	case lua.OP_GETUPVAL:
		if i := bytecode.B(inst); i < len(proto.DbgUpvalues) {
			return origin{kind: "upvalue", name: proto.DbgUpvalues[i]}
		}
	case lua.OP_GETGLOBAL:
		name := proto.Constants[bytecode.Bx(inst)].String()
		return origin{kind: "global", name: name, in: func() lua.LValue { return fn.Env }}
	case lua.OP_GETTABLE, lua.OP_GETTABLEKS, lua.OP_SELF:
		kind := "field"
		if bytecode.Op(inst) == lua.OP_SELF {
			kind = "method"
		}
		name := "?"
		if key, ok := m.keyOf(inst); ok {
			name = string(key)
		}
		return origin{kind: kind, name: name, in: func() lua.LValue { return m.valueAt(bytecode.B(inst), at) }}
	}
	return origin{}
}

// keyOf returns the constant that an instruction uses as the name of a field.
func (m *machine) keyOf(inst uint32) (lua.LString, bool) {
	index, ok := bytecode.Constant(bytecode.C(inst))
	if !ok {
		return "", false
	}
	key, ok := m.constants[index].(lua.LString)
	return key, ok
}

// valueAt returns what was in a register at pc, as far as it can be found again
// without running code; nil otherwise.
func (m *machine) valueAt(register, pc int) lua.LValue {
	fn := m.frame.Fn
	if local(fn.Proto, register, pc) != "" {
		return m.window[register&0xff]
	}
	at := lastSet(fn.Proto, register, pc)
	if at < 0 {
		return nil
	}
	inst := fn.Proto.Code[at]
	switch bytecode.Op(inst) {
	case lua.OP_MOVE, lua.OP_MOVEN:
		return m.valueAt(bytecode.B(inst), at)
	case lua.OP_LOADK:
		return m.constants[bytecode.Bx(inst)]
	case lua.OP_GETUPVAL:
		return fn.Upvalues[bytecode.B(inst)].Value()
	case lua.OP_GETGLOBAL:
		return m.peek(fn.Env, m.constants[bytecode.Bx(inst)])
	case lua.OP_GETTABLEKS, lua.OP_GETTABLE:
		if key, ok := m.keyOf(inst); ok {
			return m.peek(m.valueAt(bytecode.B(inst), at), key)
		}
	}
	return nil
}

// peek reads a field without calling code of the script; nil if that is not
// possible.
func (m *machine) peek(v, key lua.LValue) lua.LValue {
	for range longestChain {
		if v == nil {
			return nil
		}
		if t, ok := v.(*lua.LTable); ok {
			if found := rawGet(t, key); !isNil(found) {
				return found
			}
		}
		handler := m.metamethod(v, "__index")
		switch handler.(type) {
		case *lua.LNilType:
			return lua.LNil
		case *lua.LTable:
			v = handler
		default:
			return nil
		}
	}
	return nil
}

// local returns the name of the local variable in a register at pc, or "".
func local(proto *lua.FunctionProto, register, pc int) string {
	for _, v := range proto.DbgLocals {
		if v.StartPc < pc && pc < v.EndPc {
			if register == 0 {
				return v.Name
			}
			register--
		}
	}
	return ""
}

// lastSet returns the instruction before pc that has set a register, -1 if there is
// none. What a jump over pc does not skip was not executed last, so jumps forward are
// followed if they do not go beyond pc.
func lastSet(proto *lua.FunctionProto, register, pc int) int {
	last := -1
	code := proto.Code
	for i := 0; i < pc; i++ {
		inst := code[i]
		if sets(inst, register) {
			last = i
		}
		switch bytecode.Op(inst) {
		case lua.OP_JMP, lua.OP_FORLOOP, lua.OP_FORPREP:
			if to := i + 1 + bytecode.Distance(inst); to > i && to <= pc {
				i = to - 1
			}
		case lua.OP_CLOSURE:
			i += int(proto.FunctionPrototypes[bytecode.Bx(inst)].NumUpvalues)
		case lua.OP_SETLIST:
			if bytecode.C(inst) == 0 {
				i++
			}
		}
	}
	return last
}

// sets reports whether an instruction sets a register. For lua5.1 a test does, so the value
// of "a or b" has no name.
func sets(inst uint32, register int) bool {
	a := bytecode.A(inst)
	switch bytecode.Op(inst) {
	case lua.OP_SETGLOBAL, lua.OP_SETUPVAL, lua.OP_SETTABLE, lua.OP_SETTABLEKS, lua.OP_SETLIST, lua.OP_JMP,
		lua.OP_EQ, lua.OP_LT, lua.OP_LE, lua.OP_RETURN, lua.OP_CLOSE, lua.OP_NOP:
		return false
	case lua.OP_CALL, lua.OP_TAILCALL:
		return register >= a
	case lua.OP_TFORLOOP:
		return register >= a+2
	case lua.OP_LOADNIL:
		return register >= a && register <= bytecode.B(inst)
	case lua.OP_SELF:
		return register == a || register == a+1
	case lua.OP_FORLOOP, lua.OP_FORPREP:
		return register >= a && register <= a+3
	case lua.OP_VARARG:
		n := bytecode.B(inst) - 1
		return register >= a && (n < 0 || register < a+n)
	}
	return register == a
}
