package vm

import lua "github.com/yuin/gopher-lua"

// MadeKind is a kind of thing that a script can make and leave behind. A part is a
// descriptor that goes with one of the others and is not to be told of beside it.
type MadeKind string

const (
	MadeProcess    MadeKind = "process"
	MadeDescriptor MadeKind = "descriptor"
	MadePart       MadeKind = "part"
)

// Made tells who wants to know (see [VM.OnMade]) that the script that called has
// made a process or a descriptor.
func Made(L *lua.LState, kind MadeKind, number int) {
	if told := threadOf(L).vm.OnMade; told != nil {
		told(L, kind, number)
	}
}
