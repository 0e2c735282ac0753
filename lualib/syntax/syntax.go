// Package syntax turns Lua 5.1 source into a prototype that gopher-lua runs.
//
// It is a compiler of one pass, and gives the errors, the lines and, but for details,
// the instructions of lua5.1. From the bottom up:
//
//	token.go, lexer.go, literal.go     words of the source
//	code.go, constants.go              the instructions and constants of a function
//	operand.go, operator.go            where values are, and what is done with them
//	function.go, variable.go, label.go what names mean
//	parser.go and the other files      statements and expressions
//	tree.go, nodes.go, docs.go         what tools want to know of a source
//
// goto and labels were added as in LuaJIT: where Lua 5.1 allows a name, goto is one.
package syntax

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"avescript/lualib/mainloop"
)

// Error is an error in a source text.
type Error struct {
	Name    string // the chunk's name, as given to Compile
	Line    int
	Message string // with the offending token: "unexpected symbol near ')'"

	// Incomplete means that the source ended too early: with more text it could be
	// valid, which a REPL has to know.
	Incomplete bool
}

// Error has the form of lua5.1: "name:line: message".
func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d: %s", e.Name, e.Line, e.Message)
}

// Compile makes a function prototype from source. The name is the chunk's name as
// messages show it: a file's path, "stdin", ... A byte order mark and a first line
// that begins with '#' are skipped. Every error is an *Error.
func Compile(source []byte, name string) (*lua.FunctionProto, error) {
	proto, _, err := newParser(source, name).run()
	return proto, err
}

// run reads the whole source.
func (p *parser) run() (proto *lua.FunctionProto, stmts []ast.Stmt, err error) {
	defer func() {
		switch failure := recover().(type) {
		case nil:
		case *Error:
			failure.Name = p.name
			proto, stmts, err = nil, nil, failure
		default: // a mistake of ours should not end a service
			proto, stmts = nil, nil
			err = &Error{Name: p.name, Line: p.line(), Message: fmt.Sprint("cannot compile: ", failure)}
		}
	}()
	proto, stmts = p.main()
	mainloop.Annotate(proto)
	return proto, stmts, nil
}
