package syntax

import (
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"avescript/lualib/bytecode"
)

// Labels are visible in their block and in the blocks inside. So a goto finds its label
// at the end of one of the blocks around it. Only then it is known, too, whether the
// jump leaves variables that closures use.

// label is a place in the code.
type label struct {
	name  string
	line  int
	at    int
	level int // the number of locals in scope
}

// leap is a goto whose label was not found yet.
type leap struct {
	name  string
	line  int
	at    int  // the jump
	level int  // the number of locals in scope there and here
	close bool // a closure uses a variable whose scope it leaves
}

func (p *parser) labelStatement(line int) ast.Stmt {
	fn := p.fn
	p.next()
	name := p.expectName()
	for _, known := range fn.block.labels {
		if known.name == name {
			p.exceed("label '%s' already defined on line %d", name, known.line)
		}
	}
	p.expect(colons)
	fn.block.labels = append(fn.block.labels, &label{name, line, fn.here(), len(fn.locals)})
	return p.tree.label(name, line)
}

func (p *parser) gotoStatement(line int) ast.Stmt {
	fn := p.fn
	p.next()
	name := p.expectName()
	if len(fn.locals) > 0 {
		fn.emit(bytecode.ABC(lua.OP_NOP, 0, 0, 0)) // room for closing variables
	}
	for _, at := range fn.emitJump() { // with those that would go to it
		fn.gotos = append(fn.gotos, &leap{name, line, at, len(fn.locals), false})
	}
	return p.tree.jump(name, line)
}

// resolveGotos finds the labels of a block that ends for the gotos in it.
func (fn *function) resolveGotos(b *block) {
	for _, l := range b.labels[b.followed:] {
		l.level = b.level // at the end of a block, its variables are of no use
	}
	open := fn.gotos[:b.gotos]
	for _, g := range fn.gotos[b.gotos:] {
		l := b.label(g.name)
		to := b.level
		if l != nil {
			to = l.level
		}
		if to > g.level {
			fn.parser.exceed("<goto %s> at line %d jumps into the scope of local '%s'", g.name, g.line, fn.locals[g.level].Name)
		}
		for _, v := range fn.locals[to:g.level] {
			g.close = g.close || v.captured
		}
		g.level = min(g.level, to)
		if l == nil {
			open = append(open, g)
			continue
		}
		fn.aim(g.at, l.at)
		if g.close {
			fn.code[g.at-1] = bytecode.ABC(lua.OP_CLOSE, to, 0, 0)
		}
	}
	fn.gotos = open
	if b.outer == nil && len(open) > 0 {
		fn.parser.exceed("no visible label '%s' for goto at line %d", open[0].name, open[0].line)
	}
}

func (b *block) label(name string) *label {
	for _, l := range b.labels {
		if l.name == name {
			return l
		}
	}
	return nil
}
