package vm

import (
	"reflect"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// callFrame is gopher-lua's call frame, which is not exported. It is for code that runs
// before every instruction, in every test or with every error, where reflection would be
// too slow. A test compares it with the original.
type callFrame struct {
	_      int
	fn     *lua.LFunction
	parent *callFrame // the call below it on the stack of its thread
	pc     int        // of the instruction after the current one
	_      [5]int
	tail   int // how many calls this call has replaced by tail calls
}

var currentFrameOffset = func() uintptr {
	field, ok := reflect.TypeFor[lua.LState]().FieldByName("currentFrame")
	if !ok {
		panic("gopher-lua's LState has no currentFrame")
	}
	return field.Offset
}()

var debugFrameOffset = func() uintptr {
	field, ok := reflect.TypeFor[lua.Debug]().FieldByName("frame")
	if !ok {
		panic("gopher-lua's Debug has no frame")
	}
	return field.Offset
}()

// frameOf is the call that dbg is about.
func frameOf(dbg *lua.Debug) **callFrame {
	return (**callFrame)(unsafe.Add(unsafe.Pointer(dbg), debugFrameOffset))
}

// line is the line that a Lua function executes.
func (f *callFrame) line() int { return f.fn.Proto.DbgSourcePositions[max(f.pc-1, 0)] }

// currentFrame is the call that L is in.
func currentFrame(L *lua.LState) *callFrame {
	return *(**callFrame)(unsafe.Add(unsafe.Pointer(L), currentFrameOffset))
}
