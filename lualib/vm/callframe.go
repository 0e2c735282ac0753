package vm

import (
	"reflect"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// callFrame is the beginning of gopher-lua's call frame, which is not exported. It
// is for code that runs before every instruction or in every test, where reflection
// would be too slow. A test compares it with the original.
type callFrame struct {
	_      int
	fn     *lua.LFunction
	parent *callFrame // the call below it on the stack of its thread
	pc     int        // of the instruction after the current one
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
