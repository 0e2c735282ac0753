// Package syntax turns Lua 5.1 source into a prototype that gopher-lua runs.
//
// gopher-lua's parser and compiler do the bulk of the work. What they get wrong
// is corrected around them, in four steps, each in a file of its own:
//
//	lexer.go    reads the source by the rules of Lua 5.1 and hands the parser
//	            a text that it cannot misread
//	message.go  words the parser's complaints as lua5.1 does
//	rewrite.go  rewrites the tree so that the compiler's bugs have no effect
//	            (assign.go and loop.go say which)
//	proto.go    checks the finished prototype's limits and repairs the list
//	            constructors and debugging information in it
//
// The dialect is that of lua5.1: goto is a name, and there are no labels.
package syntax

import (
	"errors"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"

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
// that begins with '#' are skipped. Every error is an *Error, even if the parser or
// the compiler panics.
func Compile(source []byte, name string) (proto *lua.FunctionProto, err error) {
	defer func() {
		if rcv := recover(); rcv != nil {
			proto, err = nil, asError(rcv, name)
		}
	}()
	chunk, gotoName, err := parseTokens(scan(source), name)
	if err != nil {
		return nil, asError(err, name)
	}
	rw := newRewriter(gotoName)
	chunk = rw.chunk(chunk)
	proto, err = lua.Compile(chunk, name)
	if err != nil {
		return nil, asError(err, name)
	}
	finish(proto, rw.scopes)
	mainloop.Annotate(proto)
	return proto, nil
}

// parseTokens makes a tree from tokens. In it, gotoName stands for the name "goto".
func parseTokens(tokens []token, name string) (chunk []ast.Stmt, gotoName string, err error) {
	rendered := render(tokens)
	chunk, err = parse.Parse(strings.NewReader(rendered.text), name)
	if err != nil {
		return nil, "", parserError(tokens, err)
	}
	return chunk, rendered.gotoName, nil
}

// asError makes an *Error from whatever one of the steps returned or panicked with.
func asError(failure any, name string) *Error {
	err, ok := failure.(error)
	if !ok {
		return &Error{Name: name, Line: 1, Message: fmt.Sprint("cannot compile: ", failure)}
	}
	var own *Error
	if errors.As(err, &own) {
		own.Name = name
		return own
	}
	var compile *lua.CompileError
	if errors.As(err, &compile) {
		// For the limits of a function the compiler only knows its first line,
		// which is 0 for the main function.
		return &Error{Name: name, Line: max(1, lineOf(compile.Line)), Message: compile.Message}
	}
	return &Error{Name: name, Line: 1, Message: "cannot compile: " + err.Error()}
}
