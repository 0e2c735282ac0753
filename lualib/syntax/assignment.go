package syntax

import (
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"avescript/lualib/bytecode"
)

// expressionStatement reads a call or an assignment.
func (p *parser) expressionStatement(line int) ast.Stmt {
	targets := make([]expr, 1, 2)
	p.suffixed(&targets[0])
	if e := &targets[0]; e.kind == call {
		p.fn.results(e, 0)
		return p.tree.callStatement(e, line)
	}
	return p.assignment(targets, line)
}

// assignment reads the rest of an assignment after its first target.
func (p *parser) assignment(targets []expr, line int) ast.Stmt {
	for {
		if kind := targets[len(targets)-1].kind; kind < global || kind > element {
			p.fail("syntax error")
		}
		if !p.accept(',') {
			break
		}
		var next expr
		p.suffixed(&next)
		if next.kind == localVariable {
			p.fn.protect(targets, next.index)
		}
		p.fn.limit(len(targets), maxLevels-p.levels, "variables in assignment")
		targets = append(targets, next)
	}
	p.expect('=')
	fn := p.fn
	var last expr
	count, values := p.expressions(&last)
	stmt := p.tree.assignment(targets, values, line)
	if count == len(targets) {
		fn.one(&last)
		fn.store(&targets[count-1], &last)
		targets = targets[:count-1]
	} else {
		fn.adjust(len(targets), count, &last)
		fn.free -= max(0, count-len(targets)) // values that nobody wants
	}
	for i := len(targets) - 1; i >= 0; i-- {
		value := expr{kind: register, index: fn.free - 1}
		fn.store(&targets[i], &value)
	}
	return stmt
}

// protect copies a local variable that is assigned to, if an earlier target uses it as
// its table or key: that means its old value.
func (fn *function) protect(targets []expr, variable int) {
	copied, used := fn.free, false
	for i := range targets {
		t := &targets[i]
		if t.kind != element {
			continue
		}
		if t.index == variable {
			t.index, used = copied, true
		}
		if t.key == variable {
			t.key, used = copied, true
		}
	}
	if used {
		fn.emit(bytecode.ABC(lua.OP_MOVE, copied, variable, 0))
		fn.reserve(1)
	}
}
