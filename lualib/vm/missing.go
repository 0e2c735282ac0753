package vm

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/suggest"
	"avescript/lualib/bytecode"
)

// This file improves gopher-lua's errors for names that do not exist: they say the
// name, and a similar one that exists. The name is found by going back from the
// failed instruction to the one that made its operand. That can be wrong after
// "and" and "or", where two instructions make one value; so nothing is said if the
// value found is not nil.

// mostNames limits the entries of a table that are examined.
const mostNames = 1000

const (
	callError  = "attempt to call a non-function object"
	indexError = "attempt to index a non-table object(nil) with key '"
)

// aboutMissing improves a message of gopher-lua for code that L runs.
func aboutMissing(L *lua.LState, text string) string {
	isCall := strings.HasSuffix(text, callError)
	at := strings.Index(text, indexError)
	if !isCall && at < 0 {
		return text
	}
	dbg, ok := L.GetStack(0)
	frame := currentFrame(L)
	if !ok || frame == nil || frame.fn.Proto == nil {
		return text
	}
	s := &search{L: L, dbg: dbg, fn: frame.fn}
	name := s.operand(frame.pc - 1)
	if name == nil {
		return text
	}
	hint := suggest.Hint(name.text, name.others())
	switch {
	case isCall:
		return fmt.Sprintf("%sattempt to call a nil value (%s '%s')%s", strings.TrimSuffix(text, callError), name.kind, name.text, hint)
	case hint != "":
		return fmt.Sprintf("%sattempt to index a nil value (%s '%s')%s", text[:at], name.kind, name.text, hint)
	}
	return text
}

// missingName is the place that a nil value came from.
type missingName struct {
	kind, text string
	L          *lua.LState
	in         lua.LValue // the value without this field; nil for a variable
}

// others returns the names that exist in that place.
func (n *missingName) others() (names []string) {
	if n.in == nil {
		return nil
	}
	return fieldsOf(n.L, n.in)
}

// fieldsOf lists the fields of a value: its own, those of its class and the classes
// above, and those that the metamethod __names lists, for tables that are filled on
// use.
func fieldsOf(L *lua.LState, v lua.LValue) (names []string) {
	const deepest = 20
	add := func(t *lua.LTable) {
		for key, _ := t.Next(lua.LNil); key != lua.LNil && len(names) < mostNames; key, _ = t.Next(key) {
			if name, ok := key.(lua.LString); ok && !strings.HasPrefix(string(name), "__") {
				names = append(names, string(name))
			}
		}
	}
	for range deepest {
		if t, ok := v.(*lua.LTable); ok {
			add(t)
		}
		meta, ok := L.GetMetatable(v).(*lua.LTable)
		if !ok {
			return names
		}
		if listed, ok := meta.RawGetString("__names").(*lua.LTable); ok {
			add(listed)
		}
		next := lua.LValue(meta) // a class whose __index is a function
		if index, ok := meta.RawGetString("__index").(*lua.LTable); ok {
			next = index
		}
		if next == v {
			return names
		}
		v = next
	}
	return names
}

// search goes back through the instructions of a running function.
type search struct {
	L   *lua.LState
	dbg *lua.Debug
	fn  *lua.LFunction
}

// operand returns the name of what the instruction at pc calls or indexes; nil if
// it has no name or is not nil.
func (s *search) operand(pc int) *missingName {
	inst := s.fn.Proto.Code[pc]
	switch bytecode.Op(inst) {
	case lua.OP_CALL, lua.OP_TAILCALL:
		return s.name(bytecode.A(inst), pc)
	case lua.OP_GETTABLE, lua.OP_GETTABLEKS, lua.OP_SELF:
		return s.name(bytecode.B(inst), pc)
	case lua.OP_SETTABLE, lua.OP_SETTABLEKS:
		return s.name(bytecode.A(inst), pc)
	}
	return nil
}

// name returns the name of the value in a register before pc.
func (s *search) name(register, pc int) *missingName {
	if local := s.local(register, pc); local != "" {
		return s.missing("local", local, nil, s.register(register))
	}
	at, ok := s.writer(register, pc)
	if !ok {
		return nil
	}
	proto, inst := s.fn.Proto, s.fn.Proto.Code[at]
	switch bytecode.Op(inst) {
	case lua.OP_MOVE:
		if local := s.local(bytecode.B(inst), at); local != "" {
			return s.missing("local", local, nil, s.register(bytecode.B(inst)))
		}
	case lua.OP_GETUPVAL:
		if i := bytecode.B(inst); i < len(proto.DbgUpvalues) {
			return s.missing("upvalue", proto.DbgUpvalues[i], nil, s.value(register, pc))
		}
	case lua.OP_GETGLOBAL:
		return s.missing("global", proto.Constants[bytecode.Bx(inst)].String(), s.fn.Env, s.value(register, pc))
	case lua.OP_GETTABLE, lua.OP_GETTABLEKS, lua.OP_SELF:
		key, ok := s.key(inst)
		in := s.value(bytecode.B(inst), at)
		if !ok || in == nil {
			return nil
		}
		kind := "field"
		if bytecode.Op(inst) == lua.OP_SELF {
			kind = "method"
		}
		return s.missing(kind, key, in, s.field(in, key))
	}
	return nil
}

func (s *search) missing(kind, text string, in, value lua.LValue) *missingName {
	if value != lua.LNil {
		return nil
	}
	return &missingName{kind: kind, text: text, L: s.L, in: in}
}

// key returns the constant that an instruction uses as the name of a field.
func (s *search) key(inst uint32) (string, bool) {
	index, ok := bytecode.Constant(bytecode.C(inst))
	if !ok {
		return "", false
	}
	key, ok := s.fn.Proto.Constants[index].(lua.LString)
	return string(key), ok
}

// value returns what was in a register before pc; nil if that is not known.
func (s *search) value(register, pc int) lua.LValue {
	if s.local(register, pc) != "" {
		return s.register(register)
	}
	at, ok := s.writer(register, pc)
	if !ok {
		return nil
	}
	inst := s.fn.Proto.Code[at]
	switch bytecode.Op(inst) {
	case lua.OP_MOVE:
		return s.value(bytecode.B(inst), at)
	case lua.OP_LOADK:
		return s.fn.Proto.Constants[bytecode.Bx(inst)]
	case lua.OP_GETUPVAL:
		return s.fn.Upvalues[bytecode.B(inst)].Value()
	case lua.OP_GETGLOBAL:
		return s.field(s.fn.Env, s.fn.Proto.Constants[bytecode.Bx(inst)].String())
	case lua.OP_GETTABLEKS, lua.OP_GETTABLE:
		if key, ok := s.key(inst); ok {
			return s.field(s.value(bytecode.B(inst), at), key)
		}
	}
	return nil
}

// field reads a field without calling code of the script; nil if that is not
// possible.
func (s *search) field(v lua.LValue, key string) lua.LValue {
	const deepest = 20
	for range deepest {
		if v == nil {
			return nil
		}
		if t, ok := v.(*lua.LTable); ok {
			if value := t.RawGetString(key); value != lua.LNil {
				return value
			}
		}
		meta, ok := s.L.GetMetatable(v).(*lua.LTable)
		if !ok {
			return lua.LNil
		}
		switch index := meta.RawGetString("__index").(type) {
		case *lua.LNilType, *lua.LFunction: // a function returned nil, because the code has failed
			return lua.LNil
		case *lua.LTable:
			v = index
		default:
			return nil
		}
	}
	return nil
}

// local returns the name of the local variable in a register at pc, or "".
func (s *search) local(register, pc int) string {
	for _, local := range s.fn.Proto.DbgLocals {
		if local.StartPc <= pc && pc < local.EndPc {
			if register == 0 {
				return local.Name
			}
			register--
		}
	}
	return ""
}

// register returns the current value of a register.
func (s *search) register(register int) lua.LValue {
	_, value := s.L.GetLocal(s.dbg, register+1)
	return value
}

// writer returns the last instruction before pc that has set a register.
func (s *search) writer(register, pc int) (at int, ok bool) {
	for at := pc - 1; at >= 0; at-- {
		inst := s.fn.Proto.Code[at]
		a := bytecode.A(inst)
		switch bytecode.Op(inst) {
		case lua.OP_SETGLOBAL, lua.OP_SETUPVAL, lua.OP_SETTABLE, lua.OP_SETTABLEKS, lua.OP_SETLIST, lua.OP_JMP,
			lua.OP_TEST, lua.OP_EQ, lua.OP_LT, lua.OP_LE, lua.OP_RETURN, lua.OP_CLOSE, lua.OP_NOP:
		case lua.OP_SELF:
			if register == a || register == a+1 {
				return at, register == a
			}
		case lua.OP_CALL, lua.OP_TAILCALL, lua.OP_VARARG, lua.OP_LOADNIL, lua.OP_MOVEN, lua.OP_FORLOOP, lua.OP_FORPREP, lua.OP_TFORLOOP:
			if register >= a {
				return 0, false
			}
		default:
			if register == a {
				return at, true
			}
		}
	}
	return 0, false
}
