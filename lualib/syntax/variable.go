package syntax

import (
	"slices"

	lua "github.com/yuin/gopher-lua"
)

// local is a local variable in scope.
type local struct {
	*lua.DbgLocalInfo
	captured bool // an inner function uses it
}

// upvalue is a variable of an outer function.
type upvalue struct {
	name  string
	local bool // it is a local variable of the function directly outside
	index int  // of its register, or of the upvalue there
}

// block is a part of a function with its own local variables.
type block struct {
	outer    *block
	level    int  // the number of locals outside
	loop     bool // break leaves it
	captured bool // a variable of it is captured
	breaks   []int
	labels   []*label
	followed int // how many labels a statement has followed
	gotos    int // the number of gotos before it
}

func (fn *function) openBlock(loop bool) *block {
	fn.block = &block{outer: fn.block, level: len(fn.locals), loop: loop, gotos: len(fn.gotos)}
	return fn.block
}

// closeBlock ends the innermost block.
func (p *parser) closeBlock(b *block) {
	fn := p.fn
	fn.resolveGotos(b)
	fn.block = b.outer
	fn.drop(b.level)
	if b.captured && b.outer != nil {
		fn.emitClose(b.level)
	}
	fn.free = len(fn.locals)
	fn.jumpHere(b.breaks)
}

// declare names a local variable that comes into scope later.
func (p *parser) declare(name string) {
	fn := p.fn
	fn.limit(len(fn.locals)+len(fn.declared)+1, maxLocals, "local variables")
	fn.declared = append(fn.declared, name)
}

// activate brings the first declared variables into scope.
func (fn *function) activate(count int) {
	for _, name := range fn.declared[:count] {
		// gopher-lua compares StartPc with "<" and EndPc with ">".
		info := &lua.DbgLocalInfo{Name: fn.parser.intern(name), StartPc: len(fn.code) - 1}
		fn.debugged = append(fn.debugged, info)
		fn.locals = append(fn.locals, local{info, false})
	}
	fn.declared = slices.Delete(fn.declared, 0, count)
}

// drop ends the scope of all variables but the first.
func (fn *function) drop(level int) {
	for _, v := range fn.locals[level:] {
		v.EndPc = len(fn.code)
	}
	fn.locals = fn.locals[:level]
}

// variable finds out what a name stands for, and makes an expression of it.
func (fn *function) variable(e *expr, name string) {
	switch kind, index := fn.resolve(name); kind {
	case global:
		e.set(global, fn.stringIndex(name))
	default:
		e.set(kind, index)
	}
	e.name = name
}

// resolve looks for a variable here and in the outer functions.
func (fn *function) resolve(name string) (kind exprKind, index int) {
	if fn == nil {
		return global, 0
	}
	for i := len(fn.locals) - 1; i >= 0; i-- {
		if fn.locals[i].Name == name {
			return localVariable, i
		}
	}
	kind, index = fn.outer.resolve(name)
	if kind == global {
		return global, 0
	}
	if kind == localVariable {
		fn.outer.capture(index)
	}
	return outerVariable, fn.upvalue(upvalue{name, kind == localVariable, index})
}

// capture notes that an inner function uses a local variable.
func (fn *function) capture(index int) {
	fn.locals[index].captured = true
	b := fn.block
	for b.level > index {
		b = b.outer
	}
	b.captured = true
}

func (fn *function) upvalue(u upvalue) int {
	for i, known := range fn.upvalues {
		if known.local == u.local && known.index == u.index {
			return i
		}
	}
	fn.limit(len(fn.upvalues)+1, maxUpvalues, "upvalues")
	u.name = fn.parser.intern(u.name)
	fn.upvalues = append(fn.upvalues, u)
	return len(fn.upvalues) - 1
}
