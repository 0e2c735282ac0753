package vm

import (
	"fmt"
	"reflect"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// A thread has a registry of 16 KB and a stack of the same size. Making these costs ten
// times as much as a call that fails, so a thread is used again after it has failed, too.
// gopher-lua has no function that empties a thread in the middle of its calls; this file
// does it through the fields of its state.

// The fields of a thread's state that are emptied.
var (
	capturedOffset  = stateField("uvcache", reflect.TypeFor[*lua.Upvalue]())
	callStackOffset = stateField("stack", nil)
	callStackType   = func() reflect.Type {
		field, _ := reflect.TypeFor[lua.LState]().FieldByName("stack")
		return field.Type
	}()
	nextCaptured = func() uintptr {
		field, ok := reflect.TypeFor[lua.Upvalue]().FieldByName("next")
		if !ok || field.Type != reflect.TypeFor[*lua.Upvalue]() {
			panic("gopher-lua's Upvalue has no next")
		}
		return field.Offset
	}()
)

// stateField is the offset of a field of gopher-lua's LState, which has the type if one is
// given.
func stateField(name string, typ reflect.Type) uintptr {
	field, ok := reflect.TypeFor[lua.LState]().FieldByName(name)
	if !ok || typ != nil && field.Type != typ {
		panic(fmt.Sprintf("gopher-lua's LState has no field %s of type %v", name, typ))
	}
	return field.Offset
}

// callStack is what we need of gopher-lua's call stack.
type callStack interface{ SetSp(calls int) }

func callStackOf(L *lua.LState) callStack {
	field := unsafe.Add(unsafe.Pointer(L), callStackOffset)
	return reflect.NewAt(callStackType, field).Elem().Interface().(callStack)
}

// recycle returns a thread to the pool whose call has failed. If stacks are kept, one of
// them may show its calls.
func (vm *VM) recycle(t *thread) {
	if t.small || vm.KeepStacks {
		return
	}
	t.detach()
	t.calls.SetSp(0)
	*(**callFrame)(unsafe.Add(unsafe.Pointer(t.L), currentFrameOffset)) = nil
	vm.release(t)
}

// detach gives the captured locals that are in t's registers values of their own. An error
// that Lua code raises has done so already; a panic in Go code has not.
func (t *thread) detach() {
	captured := (**lua.Upvalue)(unsafe.Add(unsafe.Pointer(t.L), capturedOffset))
	for upvalue := *captured; upvalue != nil; {
		upvalue.Close()
		next := (**lua.Upvalue)(unsafe.Add(unsafe.Pointer(upvalue), nextCaptured))
		upvalue, *next = *next, nil
	}
	*captured = nil
}
