// Package syntax turns Lua 5.1 source into a prototype that gopher-lua runs.
//
// gopher-lua's parser and compiler do the bulk of the work. What they get wrong
// is put right around them, in four steps, each in a file of its own:
//
//	lexer.go    reads the source by the rules of Lua 5.1 and hands the parser
//	            a text that it cannot misread
//	message.go  words the parser's complaints as lua5.1 does
//	rewrite.go  rewrites the tree so that the compiler's faults are not met
//	            (assign.go and loop.go say which)
//	proto.go    checks the finished prototype's limits and mends the list
//	            constructors and debugging information in it
//
// The dialect is that of lua5.1: goto is a name, and there are no labels.
package syntax

import (
	"errors"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

// Error is what is wrong with a source text.
type Error struct {
	Name    string // the chunk's name, as given to Compile
	Line    int
	Message string // with the offending token: "unexpected symbol near ')'"

	// Incomplete says that the source ended too early: more of it could
	// make it right, which is what a REPL wants to know.
	Incomplete bool
}

// Error is worded as by lua5.1: "name:line: message".
func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d: %s", e.Name, e.Line, e.Message)
}

// Compile makes a function prototype of source. The name is the chunk's name as
// messages show it: a file's path, "stdin", ... A byte order mark and a first
// line that begins with '#' are skipped. Every error is an *Error, also where
// the parser or the compiler panics.
func Compile(source []byte, name string) (proto *lua.FunctionProto, err error) {
	defer func() {
		if rcv := recover(); rcv != nil {
			proto, err = nil, asError(rcv, name)
		}
	}()
	tokens := scan(source)
	rendered := render(tokens)
	chunk, err := parse.Parse(strings.NewReader(rendered.text), name)
	if err != nil {
		return nil, asError(parserError(tokens, err), name)
	}
	rw := newRewriter(rendered.gotoName)
	chunk = rw.chunk(chunk)
	proto, err = lua.Compile(chunk, name)
	if err != nil {
		return nil, asError(err, name)
	}
	finish(proto, rw.scopes)
	return proto, nil
}

// asError makes an *Error of whatever one of the steps returned or panicked with.
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
		// Of a function's limits the compiler knows only where it begins,
		// and the main function begins at 0.
		return &Error{Name: name, Line: max(1, lineOf(compile.Line)), Message: compile.Message}
	}
	return &Error{Name: name, Line: 1, Message: "cannot compile: " + err.Error()}
}
