package mainloop

import (
	"unsafe"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bytecode"
)

func (u *upvalue) get() lua.LValue {
	if u.closed || u.reg == nil {
		return u.value
	}
	return u.reg.array[u.index]
}

func (u *upvalue) set(v lua.LValue) {
	if u.closed || u.reg == nil {
		u.value = v
	} else {
		u.reg.array[u.index] = v
	}
}

// closeUpvalues gives the open upvalues of the registers from index on their own
// values. They are the end of the list.
func (s *state) closeUpvalues(index int) {
	link := &s.uvcache
	for *link != nil && (*link).index < index {
		link = &(*link).next
	}
	u := *link
	*link = nil
	for u != nil {
		next := u.next
		u.value, u.closed = u.reg.array[u.index], true
		u.reg, u.next = nil, nil // do not keep the registers alive
		u = next
	}
}

// findUpvalue returns the upvalue of a register, which all closures share.
func (s *state) findUpvalue(index int) *lua.Upvalue {
	link := &s.uvcache
	for *link != nil && (*link).index < index {
		link = &(*link).next
	}
	if u := *link; u != nil && u.index == index {
		return (*lua.Upvalue)(unsafe.Pointer(u))
	}
	made := new(lua.Upvalue)
	u := upvalueOf(made)
	u.reg, u.index, u.next = s.reg, index, *link
	*link = u
	return made
}

// closure makes a function. The instructions that follow say where its upvalues come
// from.
func (m *machine) closure(inst uint32) {
	f := m.frame
	proto := f.Fn.Proto.FunctionPrototypes[bytecode.Bx(inst)]
	fn := &lua.LFunction{Env: f.Fn.Env, Proto: proto, Upvalues: make([]*lua.Upvalue, proto.NumUpvalues)}
	for i := range fn.Upvalues {
		from := m.code[f.Pc]
		f.Pc++
		if bytecode.Op(from) == lua.OP_MOVE {
			fn.Upvalues[i] = m.state.findUpvalue(f.LocalBase + bytecode.B(from))
		} else {
			fn.Upvalues[i] = f.Fn.Upvalues[bytecode.B(from)]
		}
	}
	m.set(inst, fn)
}
