package syntax

// Scopes: which names are local variables where, and which of them are captured by
// inner functions.
//
// The compiler loses track of where variables end, so that debug.getlocal would see
// those of blocks that are over. Therefore every node's line carries its scope, in
// the high half of the number, to the instructions made from that node; finish
// reads it there and removes it.

import (
	"slices"

	"github.com/yuin/gopher-lua/ast"
)

type function struct {
	parent *function
	locals []variable // in the order in which the compiler registers them
}

type variable struct {
	name  string
	scope *scope
}

type scope struct {
	id       int
	parent   *scope
	fn       *function
	loop     *loop // the loop whose body this is, or nil
	names    []string
	captured bool // an inner function uses one of the names
}

const scopeShift = 32

// lineOf returns a line without the scope.
func lineOf(line int) int { return line & (1<<scopeShift - 1) }

func scopeOf(line int) int { return line >> scopeShift }

func (s *scope) tag(line int) int { return lineOf(line) | s.id<<scopeShift }

// markEnd puts the scope on a node's last line: for a function, the only place
// where the prototype shows its own scope.
func (s *scope) markEnd(node ast.PositionHolder) {
	node.SetLastLine(s.tag(node.LastLine()))
}

// mark puts the current scope on a node.
func (rw *rewriter) mark(node ast.PositionHolder) {
	node.SetLine(rw.scope.tag(node.Line()))
	if node.LastLine() != 0 {
		rw.scope.markEnd(node)
	}
}

func (rw *rewriter) enter(loop *loop) {
	rw.scope = &scope{id: len(rw.scopes), parent: rw.scope, fn: rw.fn, loop: loop}
	rw.scopes = append(rw.scopes, rw.scope)
}

func (rw *rewriter) leave() { rw.scope = rw.scope.parent }

// declare adds local variables to the current scope.
func (rw *rewriter) declare(names ...string) {
	for _, name := range names {
		rw.scope.names = append(rw.scope.names, name)
		rw.fn.locals = append(rw.fn.locals, variable{name, rw.scope})
	}
}

// resolve looks up a name. It reports whether it is a local variable of the current
// function, and records the capture of another function's variable.
func (rw *rewriter) resolve(name string) (local bool) {
	for s := rw.scope; s != nil; s = s.parent {
		if slices.Contains(s.names, name) {
			if s.fn == rw.fn {
				return true
			}
			s.captured = true
			return false
		}
	}
	return false
}

// isLocal reports whether e is a local variable of the current function.
func (rw *rewriter) isLocal(e ast.Expr) bool {
	id, ok := e.(*ast.IdentExpr)
	return ok && rw.resolve(rw.name(id.Value))
}
