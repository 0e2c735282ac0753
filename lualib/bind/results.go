package bind

import (
	"errors"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/vm"
)

// Results are the results of a Lua function.
type Results []any

// Of calls the function and adds its results.
func (r *Results) Of(L *lua.LState, fn *lua.LFunction, args ...lua.LValue) {
	base := L.GetTop()
	L.Push(fn)
	for _, arg := range args {
		L.Push(arg)
	}
	L.Call(len(args), lua.MultRet)
	for i := base + 1; i <= L.GetTop(); i++ {
		*r = append(*r, L.Get(i))
	}
}

// Raised returns the failure of other Lua code as an error for the code that waits
// for it: the raised value, with the place where it was raised. A string becomes an
// Exception, because it cannot hold that place.
func Raised(L *lua.LState, err error) lua.LValue {
	var raised *vm.Error
	if !errors.As(err, &raised) {
		return ErrorValue(L, err)
	}
	_, isText := raised.Value.(lua.LString)
	if !isText && !IsErrorObject(raised.Value) {
		return raised.Value
	}
	e, bad := Exception(L, raised.Value, raised.Frames)
	if isText {
		return ErrorObject(L, e)
	}
	if bad == nil && L.GetField(raised.Value, "trace") == lua.LNil {
		L.SetField(raised.Value, "trace", L.GetField(ErrorObject(L, e), "trace"))
	}
	return raised.Value
}
