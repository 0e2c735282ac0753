package bind

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// Uninitialized is what [Show] shows for an object without a Go part.
const Uninitialized = "never initialized"

// Show is the __tostring of an object: the name of its class, and in parentheses
// what a person wants to know. Keys are never shown.
func Show(L *lua.LState, parts ...string) int {
	L.Push(lua.LString(fmt.Sprintf("%s (%s)", NameOf(L.Get(1)), strings.Join(parts, ", "))))
	return 1
}
