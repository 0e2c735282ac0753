package bind

import (
	lua "github.com/yuin/gopher-lua"

	"avescript/core/exceptions"
)

// fillRunError is RunError(cmd, out, message?), or RunError(details) as for every
// error. In both forms the object has a command, an output and a message; they are
// "" if they were not given.
func fillRunError(c *Call, details *lua.LTable) error {
	if c.Len() > 1 {
		if err := fillInOrder(c, details); err != nil {
			return err
		}
	} else if err := fillDetails(c, details); err != nil {
		return err
	}
	if details.RawGetString("out") == lua.LNil {
		details.RawSetString("out", details.RawGetString("ptyout"))
	}
	if details.RawGetString("ptyout") == lua.LNil {
		details.RawSetString("ptyout", details.RawGetString("out"))
	}
	for _, name := range append([]string{"message"}, exceptions.RunErrorDetails...) {
		if details.RawGetString(name) == lua.LNil {
			details.RawSetString(name, lua.LString(""))
		}
	}
	return nil
}

// fillInOrder reads the arguments of RunError(cmd, out, message?).
func fillInOrder(c *Call, details *lua.LTable) error {
	if c.Len() > 3 {
		return exceptions.TypeError.Newf("%s: wanted at most 3 arguments (cmd, out, message), got %d", className(c.Self.Metatable), c.Len())
	}
	for i, name := range []string{"cmd", "out", "message"} {
		given := c.Arg(i + 1)
		switch given.(type) {
		case *lua.LNilType, lua.LString:
		case lua.LNumber:
			given = lua.LString(given.String())
		default:
			if name != "cmd" {
				return exceptions.TypeError.Newf("%s: argument '%s': %w", className(c.Self.Metatable), name, Mismatch("a string", given))
			}
			var words []string
			if err := Unpack(c.L, given, &words); err != nil {
				return exceptions.TypeError.Newf("%s: argument 'cmd': %w", className(c.Self.Metatable), Mismatch("a string or a list of strings", given))
			}
		}
		details.RawSetString(name, given)
	}
	return nil
}

// mayLackMessage reports whether the error may be made without a message, as a
// RunError may.
func mayLackMessage(c *Call, details *lua.LTable) bool {
	return nearestClass(c.Self.Metatable.(*lua.LTable)).IsA(exceptions.RunError) && details.RawGetString("message") == lua.LNil
}
