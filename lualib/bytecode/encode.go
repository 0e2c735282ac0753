package bytecode

// What fits into the operands of an instruction.
const (
	MaxShort    = maskBC          // B and C
	MaxIndex    = maskBx          // Bx: a constant, or an inner function
	MaxDistance = noDistance      // of a jump, in both directions
	MaxConstant = constantBit - 1 // the index of a constant in B or C
	NoRegister  = maskA           // an operand A that is set later
)

// ABC makes an instruction with three operands.
func ABC(op, a, b, c int) uint32 {
	return uint32(op<<opShift | a<<aShift | c<<cShift | b)
}

// ABx makes an instruction with a register and an index.
func ABx(op, a, index int) uint32 {
	return uint32(op<<opShift | a<<aShift | index)
}

// Jump makes an instruction that goes over a distance, counted from the next one.
func Jump(op, a, distance int) uint32 { return ABx(op, a, distance+noDistance) }

// OfConstant returns the operand B or C for the constant with an index.
func OfConstant(index int) int { return index | constantBit }

// WithOp returns the instruction with another opcode.
func WithOp(inst uint32, op int) uint32 {
	return inst<<(32-opShift)>>(32-opShift) | uint32(op<<opShift)
}

// WithA returns the instruction with another A.
func WithA(inst uint32, a int) uint32 { return inst&^(maskA<<aShift) | uint32(a<<aShift) }

// WithB returns the instruction with another B.
func WithB(inst uint32, b int) uint32 { return inst&^maskBC | uint32(b) }

// WithC returns the instruction with another C.
func WithC(inst uint32, c int) uint32 { return inst&^(maskBC<<cShift) | uint32(c<<cShift) }

// WithDistance returns the jump with another distance.
func WithDistance(inst uint32, distance int) uint32 {
	return inst&^maskBx | uint32(distance+noDistance)
}
