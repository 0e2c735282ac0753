package syntax

import (
	"slices"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bytecode"
)

// The limits of a function are those of lua5.1.
const (
	maxLocals    = 200
	maxUpvalues  = 60
	maxRegisters = 250
)

// function is a function whose code is being generated. Registers are a stack: first
// the local variables, and then temporary values.
type function struct {
	parser *parser
	outer  *function
	proto  *lua.FunctionProto // what is known of it so far

	block    *block
	locals   []local  // those in scope; their indexes are their registers
	declared []string // the locals that come into scope next
	upvalues []upvalue

	free int // the first register that is free
	most int // the number of registers that are used at once

	code     []uint32
	lines    []int // by instruction
	pending  []int // the jumps that go to the next instruction
	target   int   // the last instruction that a jump may go to
	calls    []lua.DbgCall
	debugged []*lua.DbgLocalInfo // all local variables
	inner    []*lua.FunctionProto
	gotos    []*leap

	constants
}

// openFunction begins a function that is defined on a line; 0 is the whole program.
func (p *parser) openFunction(line int) {
	fn := &function{}
	if last := len(p.spare) - 1; last >= 0 {
		fn, p.spare = p.spare[last], p.spare[:last]
	}
	fn.parser, fn.outer, fn.most, fn.target = p, p.fn, 2, -1
	fn.proto = &lua.FunctionProto{SourceName: p.name, LineDefined: line}
	p.fn = fn
	fn.openBlock(false)
}

// closeFunction ends the current function and returns what gopher-lua runs.
func (p *parser) closeFunction() *lua.FunctionProto {
	fn := p.fn
	p.closeBlock(fn.block)
	fn.emit(bytecode.ABC(lua.OP_RETURN, 0, 1, 0))
	proto := fn.proto
	proto.Code, fn.code = finished(fn.code)
	proto.DbgSourcePositions, fn.lines = finished(fn.lines)
	proto.DbgLocals, fn.debugged = finished(fn.debugged)
	proto.DbgCalls, fn.calls = finished(fn.calls)
	proto.FunctionPrototypes, fn.inner = finished(fn.inner)
	proto.Constants, fn.values = finished(fn.values)
	bytecode.SetStringConstants(proto)
	for _, u := range fn.upvalues {
		proto.DbgUpvalues = append(proto.DbgUpvalues, u.name)
	}
	proto.NumUpvalues = uint8(len(fn.upvalues))
	// A tail call copies all registers of the called function except the last.
	proto.NumUsedRegisters = uint8(fn.most + 1)
	p.fn = fn.outer
	p.spare = append(p.spare, fn.emptied())
	return proto
}

// muchMemory is the number of entries from which on a list is not used again.
const muchMemory = 256

// finished returns a list for a prototype, and memory for the next list of its kind.
func finished[T any](list []T) (done, spare []T) {
	if len(list) > muchMemory {
		return list, nil
	}
	done = slices.Clone(list)
	clear(list)
	return done, list[:0]
}

// emptied removes the contents of a function, and keeps its memory.
func (fn *function) emptied() *function {
	clear(fn.gotos)
	*fn = function{
		locals: fn.locals[:0], declared: fn.declared[:0], upvalues: fn.upvalues[:0],
		code: fn.code, lines: fn.lines, pending: fn.pending[:0], calls: fn.calls,
		debugged: fn.debugged, inner: fn.inner, gotos: fn.gotos[:0],
		constants: fn.constants.emptied(),
	}
	return fn
}

// functionBody reads a function from its parameters on, and makes a closure. The line
// is where it begins.
func (p *parser) functionBody(e *expr, self bool, line int) {
	p.docs.function(line)
	p.openFunction(line)
	p.expect('(')
	if self {
		p.declare("self")
	}
	p.parameters()
	params := p.tree.parameters(p.fn, self)
	p.expect(')')
	stmts := p.statements()
	p.fn.proto.LastLineDefined = p.line()
	p.expectEnd(kwEnd, kwFunction, line)
	p.tree.function(e, params, stmts, line, p.lastLine)
	upvalues := p.fn.upvalues
	proto := p.closeFunction()
	p.fn.closure(e, proto, upvalues)
}

// parameters reads parameters up to the parenthesis.
func (p *parser) parameters() {
	fn := p.fn
	for more := p.token.kind != ')'; more; more = fn.proto.IsVarArg == 0 && p.accept(',') {
		switch p.token.kind {
		case ident:
			p.declare(p.expectName())
		case dots:
			p.next()
			fn.proto.IsVarArg = lua.VarArgHasArg | lua.VarArgIsVarArg | lua.VarArgNeedsArg
		default:
			p.fail("<name> or '...' expected")
		}
	}
	fn.proto.NumParameters = uint8(len(fn.declared))
	if fn.proto.IsVarArg != 0 {
		p.declare("arg") // a table of the arguments, unless the function uses "..."
	}
	fn.activate(len(fn.declared))
	fn.reserve(len(fn.locals))
}

// limit raises an error if the function has more of something than it may.
func (fn *function) limit(count, most int, what string) {
	switch line := fn.proto.LineDefined; {
	case count <= most:
	case line == 0:
		fn.parser.exceed("main function has more than %d %s", most, what)
	default:
		fn.parser.exceed("function at line %d has more than %d %s", line, most, what)
	}
}

// closure generates a closure of an inner function.
func (fn *function) closure(e *expr, proto *lua.FunctionProto, upvalues []upvalue) {
	if len(fn.inner) > bytecode.MaxIndex {
		fn.parser.exceed("constant table overflow")
	}
	fn.inner = append(fn.inner, proto)
	e.set(deferred, fn.emit(bytecode.ABx(lua.OP_CLOSURE, 0, len(fn.inner)-1)))
	for _, u := range upvalues {
		op := lua.OP_GETUPVAL
		if u.local {
			op = lua.OP_MOVE
		}
		fn.emit(bytecode.ABC(op, 0, u.index, 0))
	}
}
