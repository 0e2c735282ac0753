package syntax

import (
	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bytecode"
)

// table is a constructor that is being read.
type table struct {
	at      int  // its register
	item    expr // the last item of the list, if it is not in a register yet
	list    int  // the number of items in the list
	waiting int  // how many of them are in registers, or will be
	named   int  // the number of other fields
}

// constructor reads a table.
func (p *parser) constructor(e *expr) {
	fn, line := p.fn, p.line()
	made := fn.emit(bytecode.ABC(lua.OP_NEWTABLE, 0, 0, 0))
	e.set(deferred, made)
	t := table{at: fn.toNext(e)}
	p.tree.table(e, line)
	p.expect('{')
	outer := p.docs.current()
	for more := true; more && p.token.kind != '}'; more = p.accept(',') || p.accept(';') {
		fn.storeFull(&t)
		p.docs.begin(p)
		if p.token.kind == '[' || p.token.kind == ident && p.peek() == '=' {
			p.namedField(e, &t)
			continue
		}
		t.item = p.expression()
		p.tree.field(e, nil, &t.item)
		t.list++
		t.waiting++
	}
	p.docs.back(outer)
	p.expectEnd('}', '{', line)
	fn.storeRest(&t)
	inst := fn.code[made]
	fn.code[made] = bytecode.WithC(bytecode.WithB(inst, min(t.list, bytecode.MaxShort)), min(t.named, bytecode.MaxShort))
}

// namedField reads "name = value" or "[key] = value".
func (p *parser) namedField(e *expr, t *table) {
	fn, free := p.fn, p.fn.free
	var key expr
	if p.token.kind == ident {
		key = p.nameKey()
	} else {
		key = p.brackets()
	}
	t.named++
	p.expect('=')
	operand := fn.operand(&key)
	value := p.expression()
	p.tree.field(e, key.node, &value)
	fn.emitSet(t.at, operand, fn.operand(&value))
	fn.free = free
}

// storeFull puts the last item into a register, and stores the items in registers if
// they are as many as one instruction stores.
func (fn *function) storeFull(t *table) {
	if t.item.kind == nothing {
		return
	}
	fn.toNext(&t.item)
	t.item = expr{}
	if t.waiting == lua.FieldsPerFlush {
		fn.emitList(t, t.waiting)
		t.waiting = 0
	}
}

// storeRest stores what is left at the end.
func (fn *function) storeRest(t *table) {
	switch {
	case t.waiting == 0:
	case t.item.isMany():
		fn.results(&t.item, -1)
		fn.emitList(t, -1)
		t.list--
	default:
		if t.item.kind != nothing {
			fn.toNext(&t.item)
		}
		fn.emitList(t, t.waiting)
	}
}

// emitList stores items in the list; a count of -1 means all in registers.
func (fn *function) emitList(t *table, count int) {
	portion := (t.list-1)/lua.FieldsPerFlush + 1
	if count < 0 {
		count = 0
	}
	if portion <= bytecode.MaxShort {
		fn.emit(bytecode.ABC(lua.OP_SETLIST, t.at, count, portion))
	} else {
		fn.emit(bytecode.ABC(lua.OP_SETLIST, t.at, count, 0))
		fn.emit(uint32(portion)) // a whole word for it
	}
	fn.free = t.at + 1
}
