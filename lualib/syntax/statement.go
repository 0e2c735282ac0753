package syntax

import (
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"avescript/lualib/bytecode"
)

// statement reads a statement. After some, nothing may follow in the block.
func (p *parser) statement() (stmt ast.Stmt, last bool) {
	line := p.line()
	defer p.docs.back(p.docs.begin(p))
	if p.token.kind != colons {
		p.fn.block.followed = len(p.fn.block.labels)
	}
	switch p.token.kind {
	case kwIf:
		return p.ifStatement(line), false
	case kwWhile:
		return p.whileStatement(line), false
	case kwDo:
		p.next()
		stmts := p.body()
		p.expectEnd(kwEnd, kwDo, line)
		return p.tree.do(stmts, line), false
	case kwFor:
		return p.forStatement(line), false
	case kwRepeat:
		return p.repeatStatement(line), false
	case kwFunction:
		return p.functionStatement(line), false
	case kwLocal:
		p.next()
		if p.accept(kwFunction) {
			return p.localFunction(line), false
		}
		return p.localStatement(line), false
	case kwReturn:
		return p.returnStatement(line), true
	case kwBreak:
		p.next()
		p.breakLoop()
		return p.tree.leave(line), true
	case colons:
		return p.labelStatement(line), false
	case ident:
		// In Lua 5.1 goto is a name, which another name cannot follow.
		if p.token.raw == "goto" && p.peek() == ident {
			return p.gotoStatement(line), false
		}
	}
	return p.expressionStatement(line), false
}

// ifStatement reads "if ... end", or the part from an elseif on.
func (p *parser) ifStatement(line int) ast.Stmt {
	fn := p.fn
	var done []int
	var conditions []ast.Expr
	var blocks [][]ast.Stmt
	otherwise := p.branch(&conditions, &blocks)
	for p.token.kind == kwElseif {
		done = append(done, fn.emitJump()...)
		fn.jumpHere(otherwise)
		otherwise = p.branch(&conditions, &blocks)
	}
	var rest []ast.Stmt
	if p.token.kind == kwElse {
		done = append(done, fn.emitJump()...)
		fn.jumpHere(otherwise)
		p.next()
		rest = p.body()
	} else {
		done = append(done, otherwise...)
	}
	fn.jumpHere(done)
	p.expectEnd(kwEnd, kwIf, line)
	return p.tree.branches(conditions, blocks, rest)
}

// branch reads a condition and its block. The result are the jumps that are taken if
// the condition is false.
func (p *parser) branch(conditions *[]ast.Expr, blocks *[][]ast.Stmt) []int {
	p.next()
	otherwise, condition := p.condition()
	p.expect(kwThen)
	stmts := p.body()
	if p.tree != nil {
		*conditions, *blocks = append(*conditions, condition), append(*blocks, stmts)
	}
	return otherwise
}

// condition reads a condition, and returns the jumps that are taken if it is false.
func (p *parser) condition() (otherwise []int, node ast.Expr) {
	e := p.expression()
	if e.kind == nilValue {
		e.kind = falseValue
	}
	p.fn.goOnIf(&e, true)
	return e.whenFalse, e.node
}

func (p *parser) functionStatement(line int) ast.Stmt {
	p.next()
	var target, body expr
	nameLine := p.line()
	name := p.expectName()
	p.fn.variable(&target, name)
	p.tree.name(&target, name, nameLine)
	for p.token.kind == '.' {
		p.field(&target)
	}
	method := ""
	receiver := target.node
	if p.token.kind == ':' {
		p.field(&target)
		method = target.name
	}
	p.functionBody(&body, method != "", line)
	p.fn.store(&target, &body)
	p.fn.place(line)
	return p.tree.definition(target.node, receiver, method, &body, line)
}

func (p *parser) localFunction(line int) ast.Stmt {
	fn := p.fn
	var body expr
	name := p.expectName()
	p.declare(name)
	variable := expr{kind: localVariable, index: fn.free}
	fn.reserve(1)
	fn.activate(1)
	p.functionBody(&body, false, p.line())
	fn.store(&variable, &body)
	fn.locals[len(fn.locals)-1].StartPc = len(fn.code) - 1 // it is nil until then
	return p.tree.localFunction(name, &body, line, p.lastLine)
}

func (p *parser) localStatement(line int) ast.Stmt {
	fn := p.fn
	for more := true; more; more = p.accept(',') {
		p.declare(p.expectName())
	}
	names := p.tree.names(fn.declared)
	count := 0
	var last expr
	var values []ast.Expr
	if p.accept('=') {
		count, values = p.expressions(&last)
	}
	fn.adjust(len(fn.declared), count, &last)
	fn.activate(len(fn.declared))
	return p.tree.local(names, values, line)
}

// adjust makes as many values of a list of expressions as there are variables for them.
// The last expression is not in a register yet.
func (fn *function) adjust(variables, values int, last *expr) {
	missing := variables - values
	if last.isMany() {
		missing = max(0, missing+1)
		fn.results(last, missing)
		if missing > 1 {
			fn.reserve(missing - 1)
		}
		return
	}
	if last.kind != nothing {
		fn.toNext(last)
	}
	if missing > 0 {
		first := fn.free
		fn.reserve(missing)
		fn.emitNil(first, missing)
	}
}

func (p *parser) returnStatement(line int) ast.Stmt {
	fn := p.fn
	p.next()
	first, count := 0, 0
	var values []ast.Expr
	if !p.endsBlock() && p.token.kind != ';' {
		var last expr
		count, values = p.expressions(&last)
		first = len(fn.locals)
		switch {
		case last.isMany():
			fn.results(&last, -1)
			if last.kind == call && count == 1 {
				fn.code[last.index] = bytecode.WithOp(fn.code[last.index], lua.OP_TAILCALL)
			}
			count = -1
		case count == 1:
			first = fn.toAny(&last)
		default:
			fn.toNext(&last)
		}
	}
	fn.emit(bytecode.ABC(lua.OP_RETURN, first, count+1, 0))
	return p.tree.result(values, line)
}
