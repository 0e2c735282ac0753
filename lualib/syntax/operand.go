package syntax

import (
	"slices"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"avescript/lualib/bytecode"
)

// expr is an expression that was read, and of which as little code as possible was
// generated: what comes after it decides where its value should be.
type expr struct {
	kind  exprKind
	index int
	key   int     // the operand with the key, if kind is element
	value float64 // if kind is numeral

	// Jumps out of the expression that are taken if a part of it is true, or false. They
	// come from "and", "or", "not" and comparisons.
	whenTrue, whenFalse []int

	name string   // of the variable, field or method
	node ast.Expr // for tools
}

type exprKind int

const (
	nothing exprKind = iota
	nilValue
	trueValue
	falseValue
	numeral
	constant      // index is that of the constant
	global        // index is that of the constant with its name
	localVariable // index is the register
	outerVariable // index is that of the upvalue
	element       // index is the register of the table
	register      // index is that of the register with the value
	deferred      // index is the instruction, which may put the value into any register
	call          // index is the instruction
	varargs       // index is the instruction
	comparison    // index is the jump that is taken if the comparison is true
)

func (e *expr) set(kind exprKind, index int) { e.kind, e.index = kind, index }

func (e *expr) jumps() bool { return len(e.whenTrue)+len(e.whenFalse) > 0 }

// isNumeral reports whether the value is a number that is known already.
func (e *expr) isNumeral() bool { return e.kind == numeral && !e.jumps() }

// isMany reports whether the expression has any number of values.
func (e *expr) isMany() bool { return e.kind == call || e.kind == varargs }

// results sets how many values a call or "..." gives; -1 is all.
func (fn *function) results(e *expr, count int) {
	switch e.kind {
	case call:
		fn.code[e.index] = bytecode.WithC(fn.code[e.index], count+1)
	case varargs:
		fn.code[e.index] = bytecode.WithA(bytecode.WithB(fn.code[e.index], count+1), fn.free)
		fn.reserve(1)
	}
}

// one reduces a call or "..." to one value.
func (fn *function) one(e *expr) {
	switch e.kind {
	case call:
		e.set(register, bytecode.A(fn.code[e.index]))
	case varargs:
		fn.code[e.index] = bytecode.WithB(fn.code[e.index], 2)
		e.kind = deferred
	}
}

// read generates the code that reads a variable.
func (fn *function) read(e *expr) {
	switch e.kind {
	case localVariable:
		e.kind = register
	case outerVariable:
		e.set(deferred, fn.emit(bytecode.ABC(lua.OP_GETUPVAL, 0, e.index, 0)))
	case global:
		e.set(deferred, fn.emit(bytecode.ABx(lua.OP_GETGLOBAL, 0, e.index)))
	case element:
		fn.release(e.key)
		fn.release(e.index)
		op := lua.OP_GETTABLE
		if fn.isString(e.key) {
			op = lua.OP_GETTABLEKS
		}
		e.set(deferred, fn.emit(bytecode.ABC(op, 0, e.index, e.key)))
	case call, varargs:
		fn.one(e)
	}
}

// isString reports whether an operand is a constant string: there are faster
// instructions for these.
func (fn *function) isString(operand int) bool {
	index, ok := bytecode.Constant(operand)
	return ok && fn.values[index].Type() == lua.LTString
}

// free gives the register of an expression back.
func (fn *function) discard(e *expr) {
	if e.kind == register {
		fn.release(e.index)
	}
}

// load puts the value into a register. The jumps stay open.
func (fn *function) load(e *expr, to int) {
	fn.read(e)
	switch e.kind {
	case nilValue:
		fn.emitNil(to, 1)
	case trueValue:
		fn.emit(bytecode.ABC(lua.OP_LOADBOOL, to, 1, 0))
	case falseValue:
		fn.emit(bytecode.ABC(lua.OP_LOADBOOL, to, 0, 0))
	case constant:
		fn.emit(bytecode.ABx(lua.OP_LOADK, to, e.index))
	case numeral:
		fn.emit(bytecode.ABx(lua.OP_LOADK, to, fn.numberIndex(e.value)))
	case deferred:
		fn.direct(e.index, to)
	case register:
		if e.index != to {
			fn.emit(bytecode.ABC(lua.OP_MOVE, to, e.index, 0))
		}
	default:
		return
	}
	e.set(register, to)
}

// direct makes an instruction put its value into a register. gopher-lua's OP_VARARG
// forgets all registers after its own, so it cannot write to a local variable.
func (fn *function) direct(at, to int) {
	if bytecode.Op(fn.code[at]) != lua.OP_VARARG || to >= fn.free-1 {
		fn.code[at] = bytecode.WithA(fn.code[at], to)
		return
	}
	fn.code[at] = bytecode.WithA(fn.code[at], fn.free)
	fn.demand(1)
	fn.emit(bytecode.ABC(lua.OP_MOVE, to, fn.free, 0))
}

// loadTemporary puts the value into any register.
func (fn *function) loadTemporary(e *expr) {
	if e.kind != register {
		fn.reserve(1)
		fn.load(e, fn.free-1)
	}
}

// finish puts the value into a register, and lets all jumps end there.
func (fn *function) finish(e *expr, to int) {
	fn.load(e, to)
	if e.kind == comparison {
		e.whenTrue = append(e.whenTrue, e.index)
	}
	if e.jumps() {
		ifFalse, ifTrue := 0, 0
		if slices.ContainsFunc(e.whenTrue, fn.hasNoValue) || slices.ContainsFunc(e.whenFalse, fn.hasNoValue) {
			var over []int
			if e.kind != comparison {
				over = fn.emitJump()
			}
			ifFalse = fn.emitFlag(to, 0, 1)
			ifTrue = fn.emitFlag(to, 1, 0)
			fn.jumpHere(over)
		}
		end := fn.here()
		fn.landIn(e.whenFalse, to, end, ifFalse)
		fn.landIn(e.whenTrue, to, end, ifTrue)
	}
	e.whenTrue, e.whenFalse = nil, nil
	e.set(register, to)
}

// emitFlag loads true or false, and may skip the next instruction. Jumps go to it.
func (fn *function) emitFlag(to, flag, skip int) int {
	fn.here()
	return fn.emit(bytecode.ABC(lua.OP_LOADBOOL, to, flag, skip))
}

func (fn *function) hasNoValue(jump int) bool {
	return bytecode.Op(fn.code[fn.condition(jump)]) != lua.OP_TESTSET
}

// landIn makes jumps with a value leave it in a register and go to end; the others go
// to flag, where it is loaded.
func (fn *function) landIn(jumps []int, to, end, flag int) {
	for _, jump := range jumps {
		if fn.keepValue(jump, to) {
			fn.setTarget(jump, end)
		} else {
			fn.setTarget(jump, flag)
		}
	}
}

// toNext puts the value into the next register, and returns that.
func (fn *function) toNext(e *expr) int {
	fn.read(e)
	fn.discard(e)
	fn.reserve(1)
	fn.finish(e, fn.free-1)
	return e.index
}

// toAny makes sure that the value is in a register, and returns that.
func (fn *function) toAny(e *expr) int {
	fn.read(e)
	if e.kind == register {
		if !e.jumps() {
			return e.index
		}
		if e.index >= len(fn.locals) {
			fn.finish(e, e.index)
			return e.index
		}
	}
	return fn.toNext(e)
}

// settle makes sure that no jumps are open.
func (fn *function) settle(e *expr) {
	if e.jumps() {
		fn.toAny(e)
	} else {
		fn.read(e)
	}
}

// operand returns the value as an operand that may be a constant.
func (fn *function) operand(e *expr) int {
	fn.settle(e)
	if e.kind == constant {
		if e.index <= bytecode.MaxConstant {
			return bytecode.OfConstant(e.index)
		}
		return fn.toAny(e)
	}
	if len(fn.values) <= bytecode.MaxConstant {
		switch e.kind {
		case nilValue:
			e.set(constant, fn.otherIndex(lua.LNil))
		case trueValue:
			e.set(constant, fn.otherIndex(lua.LTrue))
		case falseValue:
			e.set(constant, fn.otherIndex(lua.LFalse))
		case numeral:
			e.set(constant, fn.numberIndex(e.value))
		}
		if e.kind == constant {
			return bytecode.OfConstant(e.index)
		}
	}
	return fn.toAny(e)
}

// store gives a variable or field the value of an expression.
func (fn *function) store(target, e *expr) {
	switch target.kind {
	case localVariable:
		fn.discard(e)
		fn.finish(e, target.index)
		return
	case outerVariable:
		fn.emit(bytecode.ABC(lua.OP_SETUPVAL, fn.toAny(e), target.index, 0))
	case global:
		fn.emit(bytecode.ABx(lua.OP_SETGLOBAL, fn.toAny(e), target.index))
	case element:
		fn.emitSet(target.index, target.key, fn.operand(e))
	}
	fn.discard(e)
}

// emitSet stores a value in a table.
func (fn *function) emitSet(table, key, value int) {
	op := lua.OP_SETTABLE
	if fn.isString(key) {
		op = lua.OP_SETTABLEKS
	}
	fn.emit(bytecode.ABC(op, table, key, value))
}

// method generates the code that looks up a method; the object becomes the first
// argument.
func (fn *function) method(e *expr, name string) {
	object := fn.toAny(e)
	fn.discard(e)
	at := fn.free
	fn.reserve(2)
	key := expr{kind: constant, index: fn.stringIndex(name)}
	operand := fn.operand(&key)
	fn.emit(bytecode.ABC(lua.OP_SELF, at, object, operand))
	fn.discard(&key)
	e.set(register, at)
	e.name = name
}

// index makes an expression the field of itself that has a key.
func (fn *function) index(e, key *expr) {
	e.key = fn.operand(key)
	e.kind = element
}
