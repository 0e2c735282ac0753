package syntax

import (
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"avescript/lualib/bytecode"
)

// breakLoop generates a jump to the end of the innermost loop.
func (p *parser) breakLoop() {
	fn := p.fn
	loop, captured := fn.block, false
	for loop != nil && !loop.loop {
		captured = captured || loop.captured
		loop = loop.outer
	}
	if loop == nil {
		err := p.problem("no loop to break")
		err.Incomplete = false // a loop cannot begin after it
		panic(err)
	}
	if captured {
		fn.emitClose(loop.level)
	}
	loop.breaks = append(loop.breaks, fn.emitJump()...)
}

func (p *parser) whileStatement(line int) ast.Stmt {
	fn := p.fn
	p.next()
	begin := fn.here()
	otherwise, condition := p.condition()
	loop := fn.openBlock(true)
	p.expect(kwDo)
	stmts := p.body()
	fn.jumpTo(fn.emitJump(), begin)
	p.expectEnd(kwEnd, kwWhile, line)
	p.closeBlock(loop)
	fn.jumpHere(otherwise)
	return p.tree.while(condition, stmts, line)
}

func (p *parser) repeatStatement(line int) ast.Stmt {
	fn := p.fn
	begin := fn.here()
	loop := fn.openBlock(true)
	scope := fn.openBlock(false)
	p.next()
	stmts := p.statements()
	scope.followed = len(scope.labels) // the condition is in their scope
	p.expectEnd(kwUntil, kwRepeat, line)
	again, condition := p.condition()
	if scope.captured {
		p.breakLoop()
		fn.jumpHere(again)
		p.closeBlock(scope)
		again = fn.emitJump()
	} else {
		p.closeBlock(scope)
	}
	fn.jumpTo(again, begin)
	p.closeBlock(loop)
	return p.tree.repeat(stmts, condition, line)
}

func (p *parser) forStatement(line int) (stmt ast.Stmt) {
	loop := p.fn.openBlock(true)
	p.next()
	name := p.expectName()
	switch p.token.kind {
	case '=':
		stmt = p.numericFor(name, line)
	case ',', kwIn:
		stmt = p.genericFor(name, line)
	default:
		p.fail("'=' or 'in' expected")
	}
	p.expectEnd(kwEnd, kwFor, line)
	p.closeBlock(loop)
	return stmt
}

func (p *parser) numericFor(name string, line int) ast.Stmt {
	fn, base := p.fn, p.fn.free
	for _, variable := range []string{"(for index)", "(for limit)", "(for step)", name} {
		p.declare(variable)
	}
	p.expect('=')
	var bounds [3]ast.Expr
	bounds[0] = p.bound()
	p.expect(',')
	bounds[1] = p.bound()
	if p.accept(',') {
		bounds[2] = p.bound()
	} else {
		fn.emit(bytecode.ABx(lua.OP_LOADK, fn.free, fn.numberIndex(1)))
		fn.reserve(1)
	}
	stmts := p.forBody(base, line, 1, true)
	return p.tree.numericFor(name, bounds, stmts, line)
}

// bound reads an expression into the next register.
func (p *parser) bound() ast.Expr {
	e := p.expression()
	p.fn.toNext(&e)
	return e.node
}

func (p *parser) genericFor(name string, line int) ast.Stmt {
	fn, base := p.fn, p.fn.free
	for _, variable := range []string{"(for generator)", "(for state)", "(for control)", name} {
		p.declare(variable)
	}
	for p.accept(',') {
		p.declare(p.expectName())
	}
	names := p.tree.names(fn.declared[3:])
	p.expect(kwIn)
	inLine := p.line()
	var last expr
	count, values := p.expressions(&last)
	fn.adjust(3, count, &last)
	fn.demand(3) // to call the iterator
	stmts := p.forBody(base, inLine, len(fn.declared)-3, false)
	return p.tree.genericFor(names, values, stmts, line)
}

// forBody reads the block of a for loop. The line is that of the instructions that
// repeat it.
func (p *parser) forBody(base, line, variables int, numeric bool) []ast.Stmt {
	fn := p.fn
	fn.activate(3)
	p.expect(kwDo)
	var enter []int
	if numeric {
		enter = []int{fn.emit(bytecode.Jump(lua.OP_FORPREP, base, 0))}
	} else {
		enter = fn.emitJump()
	}
	body := len(fn.code)
	scope := fn.openBlock(false)
	fn.activate(variables)
	fn.reserve(variables)
	stmts := p.body()
	p.closeBlock(scope)
	fn.jumpHere(enter)
	if numeric {
		again := fn.emit(bytecode.Jump(lua.OP_FORLOOP, base, 0))
		fn.place(line)
		fn.jumpTo([]int{again}, body)
		return stmts
	}
	fn.emit(bytecode.ABC(lua.OP_TFORLOOP, base, 0, variables))
	fn.place(line)
	fn.jumpTo(fn.emitJump(), body)
	return stmts
}
