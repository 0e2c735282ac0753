package bind

import lua "github.com/yuin/gopher-lua"

// Descriptor is a number, or an object with a method fileno.
type Descriptor int

func (d *Descriptor) UnpackLua(L *lua.LState, v lua.LValue) error {
	switch v.(type) {
	case *lua.LTable, *lua.LUserData:
		if fileno, ok := L.GetField(v, "fileno").(*lua.LFunction); ok {
			v = Invoke(L, fileno, v)
		}
	}
	var fd int
	if err := Unpack(L, v, &fd); err != nil || fd < 0 {
		return Wanted("a descriptor, or an object with a method fileno")
	}
	*d = Descriptor(fd)
	return nil
}
