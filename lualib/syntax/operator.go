package syntax

import (
	"math"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bytecode"
	numbers "avescript/lualib/number" // "number" is a token
)

// operator is a binary operator.
type operator struct {
	text        string
	left, right int // how strongly it binds its operands
	code        int // the opcode
	wanted      int // of a comparison: the result that makes it true
	swapped     bool
}

// concatenation and powers bind their right operand more strongly.
const (
	orLevel = iota + 1
	andLevel
	comparisonLevel
	_
	concatLevel
	sumLevel
	productLevel
	unaryLevel
	_
	powerLevel
)

// binaryOperator returns the operator that a token is.
func binaryOperator(k kind) (op operator, ok bool) {
	compare := func(code, wanted int, swapped bool) (operator, bool) {
		return operator{k.String(), comparisonLevel, comparisonLevel, code, wanted, swapped}, true
	}
	arithmetic := func(level, code int) (operator, bool) {
		return operator{text: k.String(), left: level, right: level, code: code}, true
	}
	switch k {
	case kwOr:
		return operator{text: "or", left: orLevel, right: orLevel}, true
	case kwAnd:
		return operator{text: "and", left: andLevel, right: andLevel}, true
	case concat:
		return operator{text: "..", left: concatLevel, right: concatLevel - 1, code: lua.OP_CONCAT}, true
	case '^':
		return operator{text: "^", left: powerLevel, right: powerLevel - 1, code: lua.OP_POW}, true
	case equal:
		return compare(lua.OP_EQ, 1, false)
	case notEqual:
		return compare(lua.OP_EQ, 0, false)
	case '<':
		return compare(lua.OP_LT, 1, false)
	case lessEqual:
		return compare(lua.OP_LE, 1, false)
	case '>':
		return compare(lua.OP_LT, 1, true)
	case greaterEqual:
		return compare(lua.OP_LE, 1, true)
	case '+':
		return arithmetic(sumLevel, lua.OP_ADD)
	case '-':
		return arithmetic(sumLevel, lua.OP_SUB)
	case '*':
		return arithmetic(productLevel, lua.OP_MUL)
	case '/':
		return arithmetic(productLevel, lua.OP_DIV)
	case '%':
		return arithmetic(productLevel, lua.OP_MOD)
	}
	return operator{}, false
}

// prepare is called between the left operand and the operator.
func (fn *function) prepare(op operator, left *expr) {
	switch op.left {
	case andLevel:
		fn.goOnIf(left, true)
	case orLevel:
		fn.goOnIf(left, false)
	case concatLevel:
		fn.toNext(left) // operands of a concatenation are side by side
	case comparisonLevel:
		fn.operand(left)
	default:
		if !left.isNumeral() { // it may be calculated now
			fn.operand(left)
		}
	}
}

// combine is called after the right operand. The result is in left.
func (fn *function) combine(op operator, left, right *expr) {
	switch op.left {
	case andLevel:
		fn.read(right)
		right.whenFalse = append(right.whenFalse, left.whenFalse...)
		*left = *right
	case orLevel:
		fn.read(right)
		right.whenTrue = append(right.whenTrue, left.whenTrue...)
		*left = *right
	case concatLevel:
		fn.concatenate(left, right)
	case comparisonLevel:
		fn.compare(op, left, right)
	default:
		if value, known := calculated(op.code, left, right); known {
			left.value = value
			return
		}
		b := fn.operand(right)
		a := fn.operand(left)
		fn.arithmetic(op.code, left, right, a, b)
	}
	left.name = ""
}

// arithmetic generates an operation on two operands. The register that was taken last is
// released first.
func (fn *function) arithmetic(op int, left, right *expr, a, b int) {
	if a > b {
		fn.discard(left)
		fn.discard(right)
	} else {
		fn.discard(right)
		fn.discard(left)
	}
	left.set(deferred, fn.emit(bytecode.ABC(op, 0, a, b)))
}

// concatenate generates one instruction for all operands of "a .. b .. c".
func (fn *function) concatenate(left, right *expr) {
	fn.settle(right)
	if right.kind == deferred && bytecode.Op(fn.code[right.index]) == lua.OP_CONCAT {
		fn.discard(left)
		fn.code[right.index] = bytecode.WithB(fn.code[right.index], left.index)
		left.set(deferred, right.index)
		return
	}
	b := fn.toNext(right)
	a := fn.operand(left)
	fn.arithmetic(lua.OP_CONCAT, left, right, a, b)
}

func (fn *function) compare(op operator, left, right *expr) {
	a := fn.operand(left)
	b := fn.operand(right)
	fn.discard(right)
	fn.discard(left)
	if op.swapped {
		a, b = b, a
	}
	fn.emit(bytecode.ABC(op.code, op.wanted, a, b))
	jumps := fn.emitJump()
	left.set(comparison, jumps[len(jumps)-1])
}

// calculated returns the result of an operation on two numbers. Results that are not
// numbers are left to the interpreter.
func calculated(op int, left, right *expr) (value float64, known bool) {
	if !left.isNumeral() || !right.isNumeral() {
		return 0, false
	}
	a, b := left.value, right.value
	switch op {
	case lua.OP_ADD:
		value = a + b
	case lua.OP_SUB:
		value = a - b
	case lua.OP_MUL:
		value = a * b
	case lua.OP_DIV, lua.OP_MOD:
		if b == 0 {
			return 0, false
		}
		if value = a / b; op == lua.OP_MOD {
			quotient := math.Floor(value) * b // rounded, as in C: no fused operation
			value = a - quotient
		}
	case lua.OP_POW:
		value = numbers.Power(a, b)
	}
	return value, value == value
}

// negate generates "-e".
func (fn *function) negate(e *expr) {
	if e.isNumeral() {
		e.value = -e.value
		return
	}
	fn.unary(lua.OP_UNM, e)
}

// unary generates an operation on one value that is in a register.
func (fn *function) unary(op int, e *expr) {
	from := fn.toAny(e)
	fn.discard(e)
	e.set(deferred, fn.emit(bytecode.ABC(op, 0, from, 0)))
}

// invert generates "not e".
func (fn *function) invert(e *expr) {
	fn.read(e)
	switch e.kind {
	case nilValue, falseValue:
		e.kind = trueValue
	case trueValue, constant, numeral:
		e.kind = falseValue
	case comparison:
		fn.invertComparison(e)
	case deferred, register:
		fn.loadTemporary(e)
		fn.discard(e)
		e.set(deferred, fn.emit(bytecode.ABC(lua.OP_NOT, 0, e.index, 0)))
	}
	e.whenTrue, e.whenFalse = e.whenFalse, e.whenTrue
	for _, jumps := range [][]int{e.whenTrue, e.whenFalse} {
		for _, jump := range jumps {
			fn.keepValue(jump, bytecode.NoRegister) // the value is not the result any more
		}
	}
}

func (fn *function) invertComparison(e *expr) {
	at := fn.condition(e.index)
	fn.code[at] = bytecode.WithA(fn.code[at], 1-bytecode.A(fn.code[at]))
}

// goOnIf makes the code after an expression run if it is true, or if it is false. Else a
// jump leaves it.
func (fn *function) goOnIf(e *expr, wanted bool) {
	fn.read(e)
	var leave []int
	switch e.kind {
	case constant, numeral, trueValue:
		if !wanted {
			leave = fn.jumpUnless(e, wanted)
		}
	case nilValue, falseValue:
		if wanted {
			leave = fn.jumpUnless(e, wanted)
		}
	case comparison:
		if wanted {
			fn.invertComparison(e)
		}
		leave = []int{e.index}
	default:
		leave = fn.jumpUnless(e, wanted)
	}
	if wanted {
		e.whenFalse = append(e.whenFalse, leave...)
		fn.jumpHere(e.whenTrue)
		e.whenTrue = nil
	} else {
		e.whenTrue = append(e.whenTrue, leave...)
		fn.jumpHere(e.whenFalse)
		e.whenFalse = nil
	}
}

// jumpUnless generates a jump that is taken unless the value is the wanted one.
func (fn *function) jumpUnless(e *expr, wanted bool) []int {
	flag := 1
	if wanted {
		flag = 0
	}
	if e.kind == deferred && bytecode.Op(fn.code[e.index]) == lua.OP_NOT {
		operand := bytecode.B(fn.code[e.index])
		fn.unemit()
		fn.emit(bytecode.ABC(lua.OP_TEST, operand, 0, 1-flag))
		return fn.emitJump()
	}
	fn.loadTemporary(e)
	fn.discard(e)
	fn.emit(bytecode.ABC(lua.OP_TESTSET, bytecode.NoRegister, e.index, flag))
	return fn.emitJump()
}
