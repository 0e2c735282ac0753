package service

import (
	"context"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/control"
	"avescript/core/exceptions"
	"avescript/lualib/bind"
	"avescript/lualib/codec"
)

// resourceMethod is the method of a service that finds the object to call.
const resourceMethod = "resource"

// findsResources reports whether the class has a method resource that clients
// cannot call: if they can, it is a method like any other.
func (s *service) findsResources(L *lua.LState) bool {
	_, ok := L.GetField(s.self, resourceMethod).(*lua.LFunction)
	return ok
}

func (s *service) resource(ctx context.Context, conn *control.Conn, call *control.Call) (found control.Method, exists bool, err error) {
	err = s.vm.Do(s.serving(ctx, conn), func(L *lua.LState) error {
		value, err := codec.ForRPC(L).Decode(call.Resource)
		if err != nil {
			return err
		}
		ShowConnection(L)
		defer s.self.RawSetString("current_connection", lua.LNil)
		switch object := bind.Method(L, s.self, resourceMethod, value).(type) {
		case *lua.LTable:
			if m := methodOf(L, object, call.Method); m != nil {
				found, exists = m.Method, true
			}
			return nil
		case *lua.LNilType:
			return nil
		default:
			return exceptions.TypeError.Newf("%s:%s: %w", bind.NameOf(s.self), resourceMethod, bind.Mismatch("an object or nil as the result", object))
		}
	})
	return found, exists, s.asException(err, resourceMethod)
}

// methodOf returns a method of an object; nil if it does not exist.
func methodOf(L *lua.LState, object *lua.LTable, name string) *method {
	if strings.HasPrefix(name, "__") {
		return nil
	}
	return newMethod(object, L.GetField(object, name))
}
