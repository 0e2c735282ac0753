package syntax

import (
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"avescript/lualib/bytecode"
)

// expression reads an expression.
func (p *parser) expression() (e expr) {
	p.operation(&e, 0)
	return e
}

// operation reads an expression up to an operator that binds no stronger than a level.
func (p *parser) operation(e *expr, level int) {
	p.enter()
	switch op, line := p.token.kind, p.line(); op {
	case kwNot, '-', '#':
		p.next()
		p.operation(e, unaryLevel)
		switch op {
		case kwNot:
			p.fn.invert(e)
		case '-':
			p.fn.negate(e)
		case '#':
			p.fn.unary(lua.OP_LEN, e)
		}
		e.name = ""
		p.tree.unary(e, op, line)
	default:
		p.simple(e)
	}
	for {
		op, ok := binaryOperator(p.token.kind)
		if !ok || op.left <= level {
			break
		}
		line := p.line()
		p.next()
		p.fn.prepare(op, e)
		var right expr
		p.operation(&right, op.right)
		node := p.tree.binary(e, &right, op, line)
		p.fn.combine(op, e, &right)
		e.node = node
	}
	p.leave()
}

// simple reads an expression without operators.
func (p *parser) simple(e *expr) {
	fn := p.fn
	switch p.token.kind {
	case number:
		e.kind, e.value = numeral, p.token.value
	case text:
		e.set(constant, fn.stringIndex(p.token.text))
	case kwNil:
		e.kind = nilValue
	case kwTrue:
		e.kind = trueValue
	case kwFalse:
		e.kind = falseValue
	case dots:
		if fn.proto.IsVarArg == 0 {
			p.fail("cannot use '...' outside a vararg function")
		}
		fn.proto.IsVarArg &^= lua.VarArgNeedsArg
		e.set(varargs, fn.emit(bytecode.ABC(lua.OP_VARARG, 0, 1, 0)))
	case '{':
		p.constructor(e)
		return
	case kwFunction:
		p.next()
		p.functionBody(e, false, p.line())
		return
	default:
		p.suffixed(e)
		return
	}
	p.tree.literal(e, p.token, p.line())
	p.next()
}

// primary reads what an index or a call may follow.
func (p *parser) primary(e *expr) {
	line := p.line()
	switch p.token.kind {
	case '(':
		p.next()
		*e = p.expression()
		p.expectEnd(')', '(', line)
		p.fn.read(e)
		p.tree.parentheses(e)
	case ident:
		name := p.expectName()
		p.fn.variable(e, name)
		p.tree.name(e, name, line)
	default:
		p.fail("unexpected symbol")
	}
}

// suffixed reads a primary expression with indexes and calls.
func (p *parser) suffixed(e *expr) {
	p.primary(e)
	for {
		switch p.token.kind {
		case '.':
			p.field(e)
		case '[':
			p.fn.toAny(e)
			key := p.brackets()
			p.fn.index(e, &key)
			e.name = ""
			p.tree.index(e, &key)
		case ':':
			p.next()
			name := p.expectName()
			p.fn.method(e, name)
			p.call(e, name)
		case '(', text, '{':
			p.fn.toNext(e)
			p.call(e, "")
		default:
			return
		}
	}
}

// field reads ".name".
func (p *parser) field(e *expr) {
	p.fn.toAny(e)
	p.next()
	key := p.nameKey()
	p.fn.index(e, &key)
	e.name = key.name
	p.tree.index(e, &key)
}

// nameKey reads a name that is a constant.
func (p *parser) nameKey() (key expr) {
	line := p.line()
	name := p.expectName()
	key.set(constant, p.fn.stringIndex(name))
	key.name = name
	p.tree.text(&key, name, line)
	return key
}

// brackets reads "[key]".
func (p *parser) brackets() expr {
	p.next()
	key := p.expression()
	p.fn.settle(&key)
	p.expect(']')
	return key
}

// call reads arguments, and generates a call of the function in e's register. The
// method's name is "" for a function.
func (p *parser) call(e *expr, method string) {
	line := p.line()
	name, base := e.name, e.index
	if name == "" {
		name = "?"
	}
	var args expr
	var nodes []ast.Expr
	switch p.token.kind {
	case '(':
		if line != p.lastLine {
			p.fail("ambiguous syntax (function call x new statement)")
		}
		p.next()
		if p.token.kind != ')' {
			_, nodes = p.expressions(&args)
			p.fn.results(&args, -1)
		}
		p.expectEnd(')', '(', line)
	case '{':
		p.constructor(&args)
		nodes = p.tree.list(nodes, &args)
	case text:
		p.simple(&args)
		nodes = p.tree.list(nodes, &args)
	default:
		p.fail("function arguments expected")
	}
	fn := p.fn
	count := -1
	if !args.isMany() {
		if args.kind != nothing {
			fn.toNext(&args)
		}
		count = fn.free - (base + 1)
	}
	fn.calls = append(fn.calls, lua.DbgCall{Name: p.intern(name), Pc: len(fn.code)})
	e.set(call, fn.emit(bytecode.ABC(lua.OP_CALL, base, count+1, 2)))
	fn.place(line)
	fn.free = base + 1
	e.name = ""
	p.tree.call(e, method, nodes, line)
}

// expressions reads a list. All values but the last are in registers then.
func (p *parser) expressions(last *expr) (count int, nodes []ast.Expr) {
	*last = p.expression()
	nodes = p.tree.list(nodes, last)
	for count = 1; p.accept(','); count++ {
		p.fn.toNext(last)
		*last = p.expression()
		nodes = p.tree.list(nodes, last)
	}
	return count, nodes
}
