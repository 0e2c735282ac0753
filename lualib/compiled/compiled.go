// Package compiled has the binary form of function prototypes, in which the modules that
// are a part of the program are compiled when it is built.
//
// It is not a format for files of others: a chunk that was not made by [Encode] of the same
// program may crash the interpreter.
//
//	chunk     = strings function
//	strings   = count, length of each, all of them in one
//	function  = name, lines, sizes, instructions with their lines, constants, names of
//	            locals, calls and upvalues, functions in it
//
// Numbers are varints, except instructions and constants. A string is its index.
package compiled

import lua "github.com/yuin/gopher-lua"

// The kinds of constants.
const (
	kindNil byte = iota
	kindFalse
	kindTrue
	kindNumber
	kindString
)

const instructionSize = 4

// small are the fields of a prototype that have a byte each.
func small(p *lua.FunctionProto) []*uint8 {
	return []*uint8{&p.NumUpvalues, &p.NumParameters, &p.IsVarArg, &p.NumUsedRegisters}
}
