package syntax

// The parser only says "syntax error" and where. lua5.1's message is found from the
// tokens before that place: which brackets and blocks are open there, and whether
// the last token ended an expression.

import (
	"errors"
	"fmt"
	"sort"

	"github.com/yuin/gopher-lua/parse"
)

// parserError makes an *Error from an error of the parser.
func parserError(tokens []token, err error) error {
	var perr *parse.Error
	if !errors.As(err, &perr) {
		return err
	}
	at := len(tokens) - 1
	if perr.Pos.Line != parse.EOF {
		at = sort.Search(len(tokens)-1, func(i int) bool {
			t := tokens[i]
			return t.outLine > perr.Pos.Line ||
				t.outLine == perr.Pos.Line && t.outColumn >= perr.Pos.Column
		})
	}
	bad := tokens[at]
	return &Error{
		Line:       bad.line,
		Message:    fmt.Sprintf("%s near '%s'", complaint(tokens[:at], bad), bad.near()),
		Incomplete: bad.kind == eof,
	}
}

// opened is a bracket or block that is not closed yet.
type opened struct {
	token
	closer  string // what ends it
	header  string // what ends its head: "then", "do"; "" in its body
	counter bool   // a for of which neither '=' nor "in" was seen
}

// complaint returns what is wrong with bad after the tokens before it.
func complaint(before []token, bad token) string {
	if len(before) == 0 {
		return afterStatement(nil, bad)
	}
	open := openAfter(before)
	last := before[len(before)-1]
	switch {
	case wantsName(before):
		return "'<name>' expected"
	case !endsExpression(last):
		if startsStatement(last) {
			return afterStatement(open, bad)
		}
		return "unexpected symbol"
	}
	if len(open) > 0 {
		top := open[len(open)-1]
		switch {
		case top.counter:
			return "'=' or 'in' expected"
		case top.header != "" && top.header == bad.raw:
			return "',' expected"
		case top.header != "":
			return fmt.Sprintf("'%s' expected", top.header)
		case top.kind == symbol:
			return unclosed(top, bad)
		}
	}
	switch {
	case len(before) > 1 && before[len(before)-2].raw == ":":
		return "function arguments expected"
	case isTarget(before):
		return "'=' expected"
	}
	return afterStatement(open, bad)
}

// afterStatement is the message where a statement could begin or a block could end.
func afterStatement(open []opened, bad token) string {
	ends := bad.kind == eof || bad.raw == "end" || bad.raw == "else" ||
		bad.raw == "elseif" || bad.raw == "until"
	switch {
	case !ends || bad.kind == text:
		return "unexpected symbol"
	case len(open) == 0 && bad.kind == eof:
		return "'=' expected" // or else the source would have been right
	case len(open) == 0:
		return "'<eof>' expected"
	}
	return unclosed(open[len(open)-1], bad)
}

func unclosed(o opened, bad token) string {
	if o.line == bad.line {
		return fmt.Sprintf("'%s' expected", o.closer)
	}
	return fmt.Sprintf("'%s' expected (to close '%s' at line %d)", o.closer, o.raw, o.line)
}

var closers = map[string]string{
	"(": ")", "[": "]", "{": "}", "repeat": "until",
	"function": "end", "if": "end", "for": "end", "while": "end", "do": "end",
}

var headers = map[string]string{"if": "then", "while": "do", "for": "do"}

// openAfter lists what is open after the tokens, innermost last.
func openAfter(tokens []token) []opened {
	var open []opened
	for _, t := range tokens {
		open = stillOpen(open, t)
	}
	return open
}

// stillOpen returns what is open after one more token.
func stillOpen(open []opened, t token) []opened {
	if t.kind != symbol && t.kind != keyword {
		return open
	}
	var top *opened
	if len(open) > 0 {
		top = &open[len(open)-1]
	}
	switch {
	case top != nil && t.raw == top.header:
		top.header = ""
	case top != nil && t.raw == top.closer:
		open = open[:len(open)-1]
	case top != nil && top.counter && (t.raw == "=" || t.raw == "in"):
		top.counter = false
	case top != nil && t.raw == "elseif":
		top.header = "then"
	case closers[t.raw] != "":
		open = append(open, opened{
			token: t, closer: closers[t.raw], header: headers[t.raw], counter: t.raw == "for",
		})
	}
	return open
}

// wantsName reports whether only a name can follow.
func wantsName(before []token) bool {
	last := before[len(before)-1]
	switch last.raw {
	case "local", "for":
		return last.kind == keyword
	case ".", ":":
		return last.kind == symbol
	case "function":
		return last.kind == keyword && len(before) > 1 && before[len(before)-2].raw == "local"
	}
	return false
}

func endsExpression(t token) bool {
	switch t.raw {
	case ")", "]", "}", "...", "end", "nil", "true", "false":
		return true
	}
	return t.kind == ident || t.kind == number || t.kind == text
}

// startsStatement reports whether a statement, or the end of a block, can follow t.
func startsStatement(t token) bool {
	switch t.raw {
	case ";", "do", "then", "else", "repeat", "break", "return":
		return t.kind != text
	}
	return false
}

// isTarget reports whether the tokens end in a statement that is only a variable,
// as in "x y": an assignment without its '='.
func isTarget(before []token) bool {
	i := len(before) - 1
	for i >= 2 && before[i].kind == ident && (before[i-1].raw == "." || before[i-1].raw == ",") {
		i -= 2
	}
	if before[i].kind != ident {
		return false
	}
	if i == 0 {
		return true
	}
	previous := before[i-1]
	return startsStatement(previous) && previous.raw != "return" || endsExpression(previous)
}
