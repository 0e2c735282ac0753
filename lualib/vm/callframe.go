package vm

import (
	"reflect"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// callFrame is the beginning of gopher-lua's call frame, which it keeps to
// itself. It is for what is done before every instruction or in every test, when
// there is no time for reflection. A test compares it with the original.
type callFrame struct {
	_      int
	fn     *lua.LFunction
	parent *callFrame // the call below it on the stack of its thread
	pc     int        // of the instruction after the one that the hook is called for
}

var currentFrameOffset = func() uintptr {
	field, ok := reflect.TypeFor[lua.LState]().FieldByName("currentFrame")
	if !ok {
		panic("gopher-lua's LState has no currentFrame")
	}
	return field.Offset
}()

// currentFrame is the call that L is in.
func currentFrame(L *lua.LState) *callFrame {
	return *(**callFrame)(unsafe.Add(unsafe.Pointer(L), currentFrameOffset))
}
