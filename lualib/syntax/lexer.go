package syntax

import (
	"bytes"
	"strings"
)

// lexer splits source into tokens by the rules of Lua 5.1. It panics with an *Error for
// what cannot be a token.
type lexer struct {
	src      string
	pos      int
	line     int
	comments map[int]string // the short comments, by line; nil if they are not needed
	buffer   []byte         // for strings with escapes
}

// newLexer skips what comes before the program in a file: a byte order mark, and a first
// line for the shell.
func newLexer(source []byte) *lexer {
	source = bytes.TrimPrefix(source, []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(source, []byte("#")) {
		end := bytes.IndexAny(source, "\r\n")
		if end < 0 {
			end = len(source)
		}
		source = source[end:]
	}
	return &lexer{src: string(source), line: 1}
}

// next reads a token. The lexer's line is then that of the token's end.
func (lx *lexer) next() token {
	lx.skipSpace()
	if lx.pos >= len(lx.src) {
		return token{kind: eof}
	}
	start := lx.pos
	c := lx.src[start]
	switch {
	case c == '_' || isAlpha(c):
		for lx.pos < len(lx.src) && isNameByte(lx.src[lx.pos]) {
			lx.pos++
		}
		word := lx.src[start:lx.pos]
		return token{kind: keyword(word), raw: word}
	case isDigit(c) || c == '.' && isDigit(lx.at(1)):
		return lx.number()
	case c == '"' || c == '\'':
		return lx.quoted()
	case c == '[':
		return lx.bracket()
	}
	return token{kind: lx.symbol(c)}
}

// symbol reads an operator, or any other character.
func (lx *lexer) symbol(c byte) kind {
	k := kind(c)
	switch next := lx.at(1); {
	case c == '.' && next == '.' && lx.at(2) == '.':
		k = dots
	case c == '.' && next == '.':
		k = concat
	case c == '=' && next == '=':
		k = equal
	case c == '>' && next == '=':
		k = greaterEqual
	case c == '<' && next == '=':
		k = lessEqual
	case c == '~' && next == '=':
		k = notEqual
	case c == ':' && next == ':':
		k = colons
	default:
		lx.pos++
		return k
	}
	lx.pos += len(k.String())
	return k
}

func (lx *lexer) at(ahead int) byte {
	if lx.pos+ahead < len(lx.src) {
		return lx.src[lx.pos+ahead]
	}
	return 0
}

// newline skips one end of line, of one byte or two.
func (lx *lexer) newline() {
	if c, d := lx.at(0), lx.at(1); c != d && isNewline(d) {
		lx.pos++
	}
	lx.pos++
	lx.line++
}

func (lx *lexer) skipSpace() {
	for lx.pos < len(lx.src) {
		switch c := lx.src[lx.pos]; {
		case isNewline(c):
			lx.newline()
		case c == ' ' || c == '\t' || c == '\v' || c == '\f':
			lx.pos++
		case c == '-' && lx.at(1) == '-':
			lx.comment()
		default:
			return
		}
	}
}

func (lx *lexer) comment() {
	start := lx.pos
	lx.pos += len("--")
	if level := lx.longBracket(); level >= 0 {
		lx.long("comment", level)
		return
	}
	if end := strings.IndexAny(lx.src[lx.pos:], "\r\n"); end >= 0 {
		lx.pos += end
	} else {
		lx.pos = len(lx.src)
	}
	if lx.comments != nil {
		lx.comments[lx.line] = lx.src[start:lx.pos]
	}
}

func (lx *lexer) fail(message, near string) {
	panic(&Error{Line: lx.line, Message: about(message, near)})
}

func (lx *lexer) failAtEnd(message string) {
	panic(&Error{Line: lx.line, Message: about(message, eof.String()), Incomplete: true})
}

// about adds to a message what it is about.
func about(message, near string) string {
	near, _, _ = strings.Cut(near, "\x00") // a C string ends there
	return message + " near '" + near + "'"
}

func isNewline(c byte) bool  { return c == '\n' || c == '\r' }
func isDigit(c byte) bool    { return '0' <= c && c <= '9' }
func isAlpha(c byte) bool    { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isNameByte(c byte) bool { return c == '_' || isAlpha(c) || isDigit(c) }
