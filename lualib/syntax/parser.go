package syntax

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// maxLevels is how deep blocks and expressions may be nested. lua5.1 counts calls of C
// functions as well, and one is in progress when a program is compiled.
const maxLevels = 199

// parser reads a program once, from the first token to the last, and generates the
// code while it reads, as lua5.1 does. So errors are found in the same order, and every
// instruction gets the same line.
type parser struct {
	lexer    *lexer
	token    token
	ahead    token // valid if hasAhead
	hasAhead bool
	lastLine int // of the token before
	levels   int

	fn   *function
	name string // of the chunk
	tree *builder
	docs *docs

	names map[string]string
	spare []*function // whose memory the next functions use
}

func newParser(source []byte, name string) *parser {
	return &parser{lexer: newLexer(source), name: name, lastLine: 1, names: map[string]string{}}
}

// line returns the line that messages name: that of the last token that was read.
func (p *parser) line() int { return p.lexer.line }

// next goes to the next token.
func (p *parser) next() {
	p.lastLine = p.lexer.line
	if p.hasAhead {
		p.token, p.hasAhead = p.ahead, false
	} else {
		p.token = p.lexer.next()
	}
}

// peek returns the kind of the token after this one.
func (p *parser) peek() kind {
	if !p.hasAhead {
		p.ahead, p.hasAhead = p.lexer.next(), true
	}
	return p.ahead.kind
}

// fail raises an error about the current token.
func (p *parser) fail(format string, args ...any) { panic(p.problem(format, args...)) }

// problem makes an error about the current token.
func (p *parser) problem(format string, args ...any) *Error {
	message := fmt.Sprintf(format, args...)
	if p.token.kind != 0 { // lua5.1 takes a zero byte for no token
		message = about(message, p.token.near())
	}
	return &Error{Line: p.line(), Message: message, Incomplete: p.token.kind == eof}
}

// exceed raises an error about a limit, which no single token is to blame for.
func (p *parser) exceed(format string, args ...any) {
	panic(&Error{Line: p.line(), Message: fmt.Sprintf(format, args...)})
}

// enter and leave count levels of nesting: Go's stack would take more, but not all.
func (p *parser) enter() {
	if p.levels++; p.levels > maxLevels {
		p.exceed("chunk has too many syntax levels")
	}
}

func (p *parser) leave() { p.levels-- }

// accept goes over a token of a kind if it is there.
func (p *parser) accept(k kind) bool {
	if p.token.kind != k {
		return false
	}
	p.next()
	return true
}

// expect goes over a token that must be there.
func (p *parser) expect(k kind) {
	if !p.accept(k) {
		p.fail("'%v' expected", k)
	}
}

// expectEnd goes over the token that ends what opening began on a line.
func (p *parser) expectEnd(closing, opening kind, line int) {
	switch {
	case p.accept(closing):
	case line == p.line():
		p.fail("'%v' expected", closing)
	default:
		p.fail("'%v' expected (to close '%v' at line %d)", closing, opening, line)
	}
}

// expectName goes over a name.
func (p *parser) expectName() string {
	if p.token.kind != ident {
		p.fail("'%v' expected", ident)
	}
	name := p.token.raw
	p.next()
	return name
}

// endsBlock reports whether no statement can follow.
func (p *parser) endsBlock() bool {
	switch p.token.kind {
	case kwElse, kwElseif, kwEnd, kwUntil, eof:
		return true
	}
	return false
}

// main reads a whole program.
func (p *parser) main() (*lua.FunctionProto, []ast.Stmt) {
	p.openFunction(0)
	p.fn.proto.IsVarArg = lua.VarArgIsVarArg
	p.next()
	stmts := p.statements()
	if p.token.kind != eof {
		p.fail("'%v' expected", eof)
	}
	return p.closeFunction(), stmts
}

// statements reads statements to the end of the block that they are in.
func (p *parser) statements() (stmts []ast.Stmt) {
	p.enter()
	for last := false; !last && !p.endsBlock(); {
		var stmt ast.Stmt
		stmt, last = p.statement()
		p.accept(';')
		p.fn.free = len(p.fn.locals)
		stmts = p.tree.append(stmts, stmt)
	}
	p.leave()
	return stmts
}

// body reads statements that have a scope of their own.
func (p *parser) body() []ast.Stmt {
	b := p.fn.openBlock(false)
	stmts := p.statements()
	p.closeBlock(b)
	return stmts
}
