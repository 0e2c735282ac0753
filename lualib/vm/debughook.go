package vm

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// This file has debug.sethook. While a hook is set, all threads leave the fast path of
// [thread.Done]; without one nothing costs more. What happens between two instructions
// tells whether a function was called, a line begins or a function returns. Functions in
// Go are not seen that way: one that Lua code is about to call is replaced by a function
// that calls the hook before and after it. Those that Go code calls stay unseen.

// debugHook is what debug.sethook has set for a coroutine, or for code outside of any.
type debugHook struct {
	fn    *lua.LFunction
	mask  string // as gethook returns it
	count int    // instructions between two events "count"; 0 for none

	call, ret, line bool
	left            int  // instructions until the next event "count"
	running         bool // the hook's own code causes no events
	counted         bool // among the VM's hooks

	last     instruction
	wrappers map[*lua.LFunction]*lua.LFunction // of functions in Go, and of themselves
}

// instruction is where code was when the hook last looked.
type instruction struct {
	frame *callFrame
	fn    *lua.LFunction
	pc    int
	left  bool // it has returned since
}

// debugHookOf returns where the hook for the code of a thread is kept.
func (t *thread) debugHookOf() **debugHook {
	if t.co != nil {
		return &t.co.hook
	}
	return &t.bottom().hook
}

// setHook sets a hook in its place. All threads leave the fast path while one is counted.
func (vm *VM) setHook(place **debugHook, hook *debugHook) {
	vm.forgetHook(*place)
	*place = hook
	if hook.active() {
		hook.counted = true
		vm.hooks++
		vm.attention.Add(1)
	}
}

// forgetHook is called when a hook cannot cause events any more.
func (vm *VM) forgetHook(hook *debugHook) {
	if hook != nil && hook.counted {
		hook.counted = false
		vm.hooks--
		vm.attention.Add(-1)
	}
}

func (h *debugHook) active() bool { return h != nil && (h.mask != "" || h.count > 0) }

// debugSethook is debug.sethook([thread,] [hook, mask [, count]]).
func debugSethook(L *lua.LState) int {
	by := threadOf(L)
	place, first := hookPlace(L)
	if L.Get(first) == lua.LNil {
		by.vm.setHook(place, nil)
		return 0
	}
	events := checkString(L, first+1, "sethook")
	hook := &debugHook{fn: checkFunction(L, first, "sethook")}
	if L.Get(first+2) != lua.LNil {
		hook.count = max(checkInt(L, first+2, "sethook"), 0)
	}
	for _, c := range "crl" {
		if strings.ContainsRune(events, c) {
			hook.mask += string(c)
		}
	}
	hook.call, hook.ret, hook.line = strings.Contains(hook.mask, "c"), strings.Contains(hook.mask, "r"), strings.Contains(hook.mask, "l")
	hook.left = hook.count
	hook.wrappers = map[*lua.LFunction]*lua.LFunction{}
	if old := *place; old != nil {
		hook.running = old.running // a hook that replaces itself
		hook.last = old.last
	}
	by.vm.setHook(place, hook)
	if hook.ret && *by.debugHookOf() == hook {
		hook.event(by, "return", lua.LNil) // of this call
	}
	return 0
}

// hookPlace returns the place of the hook that the arguments are about, and the index of
// the arguments behind the thread.
func hookPlace(L *lua.LState) (place **debugHook, first int) {
	if handle, ok := L.Get(1).(*lua.LState); ok {
		return &handle.Context().(*coroutine).hook, 2
	}
	return threadOf(L).debugHookOf(), 1
}

// debugGethook is debug.gethook([thread]).
func debugGethook(L *lua.LState) int {
	place, _ := hookPlace(L)
	hook := *place
	if hook == nil {
		L.Push(lua.LNil)
		L.Push(lua.LString(""))
		L.Push(lua.LNumber(0))
		return 3
	}
	L.Push(hook.fn)
	L.Push(lua.LString(hook.mask))
	L.Push(lua.LNumber(hook.count))
	return 3
}

// debugHooks is called before every instruction of t while there are hooks. A hook can
// replace itself; the new one gets the rest of the events.
func (t *thread) debugHooks() {
	place := t.debugHookOf()
	hook := *place
	if !hook.active() || hook.running {
		return
	}
	frame := currentFrame(t.L)
	if frame.fn.Proto == nil { // a long function in Go asks whether there is something to do
		return
	}
	last := hook.last
	hook.last = instruction{frame: frame, fn: frame.fn, pc: frame.pc - 1}
	same := last.frame == frame && last.fn == frame.fn && !last.left
	if hook.last.pc == 0 && !same && hook.call {
		hook.event(t, "call", lua.LNil)
	}
	if hook = *place; hook.active() {
		hook.step(t, last, same)
	}
	if hook = *place; hook.active() {
		hook.before(t, frame.fn.Proto.Code[frame.pc-1])
	}
}

// step causes the events "count" and "line" of an instruction. last is the one before, and
// same whether it was of the same call.
func (h *debugHook) step(t *thread, last instruction, same bool) {
	place := t.debugHookOf()
	if h.left > 0 {
		if h.left--; h.left == 0 {
			h.left = h.count
			h.event(t, "count", lua.LNil)
		}
	}
	if h = *place; !h.active() || !h.line {
		return
	}
	pc := h.last.pc
	before := pc - 1 // other functions were running: the call of them
	if same {
		before = last.pc
	}
	lines := currentFrame(t.L).fn.Proto.DbgSourcePositions
	if pc == 0 || pc <= before || lines[before] != lines[pc] {
		h.event(t, "line", lua.LNumber(lines[pc]))
	}
}

// event calls the hook above whatever t is doing. It has registers of its own, because
// between two instructions it is not known which registers the function uses.
func (h *debugHook) event(t *thread, name string, line lua.LValue) {
	if current := *t.debugHookOf(); current != h { // it has replaced itself in this step
		return
	}
	h.running = true
	u := t.vm.newThread(t)
	defer func() {
		h.running = false
		if current := *t.debugHookOf(); current != nil {
			current.running = false
		}
	}()
	u.L.Push(h.fn)
	u.L.Push(lua.LString(name))
	u.L.Push(line)
	u.L.Call(2, 0)
	t.vm.release(u)
}
