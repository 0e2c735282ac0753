// Package bytecode decodes the instructions of gopher-lua's function prototypes:
// gopher-lua exports their opcodes, but not their fields.
package bytecode

import lua "github.com/yuin/gopher-lua"

const (
	opShift = 26
	aShift  = 18
	cShift  = 9

	maskA  = 0xff
	maskBC = 0x1ff
	maskBx = 0x3ffff

	noDistance  = maskBx >> 1 // Bx of a jump to the next instruction
	constantBit = 1 << 8
)

// Nop is the instruction that does nothing.
const Nop = uint32(lua.OP_NOP) << opShift

// Op returns the opcode, such as lua.OP_CALL.
func Op(inst uint32) int { return int(inst >> opShift) }

// A returns the operand A.
func A(inst uint32) int { return int(inst>>aShift) & maskA }

// B returns the operand B.
func B(inst uint32) int { return int(inst) & maskBC }

// C returns the operand C.
func C(inst uint32) int { return int(inst>>cShift) & maskBC }

// Bx returns the operand that consists of B and C.
func Bx(inst uint32) int { return int(inst) & maskBx }

// WithB returns the instruction with another B.
func WithB(inst uint32, b int) uint32 { return inst&^maskBC | uint32(b) }

// WithC returns the instruction with another C.
func WithC(inst uint32, c int) uint32 { return inst&^(maskBC<<cShift) | uint32(c)<<cShift }

// Distance returns how far a jump goes, counted from the next instruction.
func Distance(inst uint32) int { return Bx(inst) - noDistance }

// Constant returns the index of the constant in B or C; ok is false if the operand
// is a register.
func Constant(operand int) (index int, ok bool) {
	return operand &^ constantBit, operand&constantBit != 0
}
