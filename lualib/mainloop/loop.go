// Package mainloop executes the bytecode of gopher-lua's compiler, in place of
// gopher-lua's own loop: faster, and with the results and messages of lua5.1.
//
// # What is shared
//
// Values, tables, functions, prototypes, registers, call frames and upvalues are
// gopher-lua's, at the same places. So everything in Go that works with an LState
// works with one that this loop executes, and code can go from one loop to the other
// at any call. gopher-lua starts a loop by the field mainLoop of the LState, which
// [Loop.Install] sets.
//
// Those parts of gopher-lua's types that are not exported are read and written
// through types with the same layout: see layout.go. Nothing else of gopher-lua's is
// used that is not exported.
//
// # Registers
//
// A Lua function sees its registers through a window of 256, so indexing needs no
// checks. While it runs, the top of the registers is behind its last one, except
// after a call or "..." with any number of results: then it is behind these, and the
// next instruction uses them. What a call leaves behind is cleared when it returns,
// so that it does not keep values alive.
//
// The registers move when they grow. So the window must be set again after
// everything that may run other code.
//
// # Errors
//
// A call's frame always has the place of the instruction after the one that is
// executed, so that errors, stack traces and the hook see the right line.
package mainloop

import (
	"sync/atomic"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// Loop is the main loop of one interpreter: of all threads that share their
// globals, of which one executes at a time.
type Loop struct {
	hooks   Hooks
	numbers numbers
	stock   func(*lua.LState, *frame) // gopher-lua's loop
}

// Hooks connect a loop with its owner.
type Hooks struct {
	// Attention is checked before each instruction. If it is not zero, Observe is
	// called, with the frame at the instruction. Observe may panic.
	Attention *atomic.Int32
	Observe   func(L *lua.LState)

	// Need is called before a string of at least [largeString] bytes is made. It may
	// panic. It may be nil.
	Need func(L *lua.LState, bytes int)

	// Hint returns what is added to the message about a name that is nil. in is
	// where the name was looked up; it is nil for a variable or if it is not known.
	Hint func(L *lua.LState, in lua.LValue, name string) string
}

// New makes a loop for the threads that are made from L. It fails if the gopher-lua
// that is linked in is not the one that this package was written for.
func New(L *lua.LState, hooks Hooks) (*Loop, error) {
	if err := checkLayouts(L); err != nil {
		return nil, err
	}
	return &Loop{hooks: hooks}, nil
}

// Install makes a thread use the loop. SetContext undoes it.
func (lp *Loop) Install(L *lua.LState) {
	s := stateOf(L)
	if lp.stock == nil {
		lp.stock = s.mainLoop
	}
	s.mainLoop = lp.run
}

// run is called by gopher-lua when a function was called by Go code: its frame is
// the last one, and is base too, except in a state that was never used before.
func (lp *Loop) run(L *lua.LState, base *frame) {
	s := stateOf(L)
	if s.Parent != nil {
		lp.stock(L, base) // gopher-lua's own coroutine
		return
	}
	f := s.stack.frames.last()
	if f == nil {
		return
	}
	s.currentFrame = f
	m := machine{L: L, state: s, reg: s.reg, frames: s.stack.frames, loop: lp, attention: lp.hooks.Attention}
	if f.Fn.IsG {
		m.finishGo(f, f.Fn.GFunction(L))
		return
	}
	m.enter(f)
	m.execute(base)
}

// last returns the innermost call, nil if there is none.
func (st *frameStack) last() *frame {
	if st.segSp > 0 {
		return &st.segments[st.segIdx].array[st.segSp-1]
	}
	if st.segIdx == 0 {
		return nil
	}
	return &st.segments[st.segIdx-1].array[segmentSize-1]
}

// push returns the place for a new frame, nil if the stack is full. A segment that
// was used before is used again.
func (st *frameStack) push() *frame {
	if st.segSp == segmentSize {
		next := int(st.segIdx) + 1
		if next == len(st.segments) {
			return nil
		}
		if st.segments[next] == nil {
			st.segments[next] = new(segment)
		}
		st.segIdx, st.segSp = uint16(next), 0
	}
	f := &st.segments[st.segIdx].array[st.segSp]
	f.Idx = int(st.segSp) + segmentSize*int(st.segIdx)
	st.segSp++
	return f
}

func (st *frameStack) pop() {
	if st.segSp == 0 {
		st.segIdx--
		st.segSp = segmentSize
	}
	st.segSp--
}

// value is an LValue as two words.
type value struct {
	itab uintptr // of the type; Go never moves or frees it
	data unsafe.Pointer
}
