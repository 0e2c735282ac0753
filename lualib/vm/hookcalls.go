package vm

import (
	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bytecode"
)

// before causes the events of the instruction that t executes next: a return, or a call
// of a function in Go.
func (h *debugHook) before(t *thread, inst uint32) {
	if !h.call && !h.ret {
		return
	}
	switch bytecode.Op(inst) {
	case lua.OP_RETURN:
		h.last.left = true
		if h.ret {
			h.returns(t)
		}
	case lua.OP_CALL, lua.OP_TAILCALL, lua.OP_TFORLOOP:
		a := activation{L: t.L, dbg: topOf(t.L)}
		register := bytecode.A(inst) + 1
		_, value := a.L.GetLocal(a.dbg, register)
		fn, ok := value.(*lua.LFunction)
		if !ok || !fn.IsG {
			return
		}
		tail := bytecode.Op(inst) == lua.OP_TAILCALL
		h.last.left = h.last.left || tail
		a.L.SetLocal(a.dbg, register, h.wrap(t, fn, tail))
	}
}

func topOf(L *lua.LState) *lua.Debug {
	dbg, _ := L.GetStack(0)
	return dbg
}

// returns causes the events for the end of the running function, and for the calls that
// it has replaced.
func (h *debugHook) returns(t *thread) {
	lost := activation{L: t.L, dbg: topOf(t.L)}.tail()
	h.event(t, "return", lua.LNil)
	for range lost {
		h.event(t, "tail return", lua.LNil)
	}
}

// wrap returns a function that calls fn, which is written in Go, with its events. After
// a tail call the calling function returns as well.
func (h *debugHook) wrap(t *thread, fn *lua.LFunction, tail bool) *lua.LFunction {
	if wrapper := h.wrappers[fn]; wrapper != nil && !tail {
		return wrapper
	}
	wrapper := t.L.NewFunction(func(L *lua.LState) int {
		currentFrame(L).fn = fn // its own upvalues and its own name
		t := threadOf(L)
		if h.call && !h.running {
			h.event(t, "call", lua.LNil)
		}
		n := fn.GFunction(L)
		if h.ret && !h.running {
			h.event(t, "return", lua.LNil)
			if tail {
				h.event(t, "return", lua.LNil)
			}
		}
		return n
	})
	if !tail {
		h.wrappers[fn], h.wrappers[wrapper] = wrapper, wrapper
	}
	return wrapper
}
