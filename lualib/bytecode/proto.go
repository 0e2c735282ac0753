package bytecode

import (
	"reflect"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// stringConstantsOffset is where a prototype has its string constants, which gopher-lua
// does not export.
var stringConstantsOffset = func() uintptr {
	field, ok := reflect.TypeFor[lua.FunctionProto]().FieldByName("stringConstants")
	if !ok || field.Type != reflect.TypeFor[[]string]() {
		panic("gopher-lua's FunctionProto has no stringConstants")
	}
	return field.Offset
}()

// SetStringConstants completes a prototype that was not made by gopher-lua's compiler, after
// its constants are set. gopher-lua reads the names of fields and globals from a second list:
// it has the same indexes, with "" for constants that are not strings.
func SetStringConstants(proto *lua.FunctionProto) {
	if len(proto.Constants) == 0 {
		return
	}
	strings := make([]string, len(proto.Constants))
	for i, constant := range proto.Constants {
		if s, ok := constant.(lua.LString); ok {
			strings[i] = string(s)
		}
	}
	*(*[]string)(unsafe.Add(unsafe.Pointer(proto), stringConstantsOffset)) = strings
}
