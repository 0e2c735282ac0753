package syntax

// The lexer of Lua 5.1. The parser has its own lexer, which refuses comments such
// as "--[== x", form feeds and the name "goto", reads 0010 as eight and
// 0xffffffffffffffff as not a number, and says little about errors. So the source
// is read here, and written again for the parser: without comments, every number in
// decimal, every token on its line.

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
)

type kind int

const (
	symbol kind = iota // an operator or bracket
	keyword
	ident
	number
	text // a string
	eof
)

// token is one word of the source.
type token struct {
	kind kind
	raw  string // as in the source
	line int    // where it ends, as in lua5.1
	text string // as the parser should see it

	// Where the token ends in the text for the parser.
	outLine, outColumn int
}

// near returns the token as messages show it.
func (t token) near() string {
	if t.kind == eof {
		return "<eof>"
	}
	return t.raw
}

var keywords = map[string]bool{
	"and": true, "break": true, "do": true, "else": true, "elseif": true,
	"end": true, "false": true, "for": true, "function": true, "if": true,
	"in": true, "local": true, "nil": true, "not": true, "or": true,
	"repeat": true, "return": true, "then": true, "true": true,
	"until": true, "while": true,
}

// IsName reports whether a text is a name in Lua: a variable, or a key without brackets.
func IsName(text string) bool {
	for i, c := range []byte(text) {
		isLetter := c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z'
		if !isLetter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return text != "" && !keywords[text]
}

// Longest first. There is no "::" in Lua 5.1.
var symbols = []string{
	"...", "..", "==", "~=", "<=", ">=",
	"+", "-", "*", "/", "%", "^", "#", "<", ">", "=",
	"(", ")", "{", "}", "[", "]", ";", ":", ",", ".",
}

type lexer struct {
	src      []byte
	pos      int
	line     int
	tokens   []token
	comments map[int]string // the short comments, by line; nil if they are not needed
}

// scan splits source into tokens; the last one is an eof. It panics with an *Error
// for something that is not a token.
func scan(source []byte) []token {
	lx := newLexer(source)
	for lx.next() {
	}
	return lx.tokens
}

func newLexer(source []byte) *lexer {
	source = bytes.TrimPrefix(source, []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(source, []byte("#")) {
		end := bytes.IndexAny(source, "\r\n")
		if end < 0 {
			end = len(source)
		}
		source = source[end:]
	}
	return &lexer{src: source, line: 1}
}

func (lx *lexer) next() bool {
	lx.skipSpace()
	start := lx.pos
	c := lx.at(0)
	switch {
	case lx.pos >= len(lx.src):
		lx.add(eof, start)
		return false
	case c == '_' || isAlpha(c):
		lx.skipWhile(isNameByte)
		if keywords[string(lx.src[start:lx.pos])] {
			lx.add(keyword, start)
		} else {
			lx.add(ident, start)
		}
	case isDigit(c) || c == '.' && isDigit(lx.at(1)):
		lx.number()
	case c == '"' || c == '\'':
		lx.quoted(c)
	case c == '[' && lx.longBracket() >= 0:
		lx.long("string", lx.longBracket())
		lx.add(text, start)
	case c == '[' && lx.at(1) == '=':
		lx.fail("invalid long string delimiter", "[=")
	default:
		lx.symbol()
	}
	return true
}

func (lx *lexer) add(k kind, start int) {
	raw := string(lx.src[start:lx.pos])
	lx.tokens = append(lx.tokens, token{kind: k, raw: raw, line: lx.line, text: raw})
}

func (lx *lexer) at(ahead int) byte {
	if lx.pos+ahead < len(lx.src) {
		return lx.src[lx.pos+ahead]
	}
	return 0
}

func (lx *lexer) skipWhile(in func(byte) bool) {
	for lx.pos < len(lx.src) && in(lx.src[lx.pos]) {
		lx.pos++
	}
}

// newline skips one end of line, of one byte or two.
func (lx *lexer) newline() {
	if c, d := lx.at(0), lx.at(1); c != d && (d == '\r' || d == '\n') {
		lx.pos++
	}
	lx.pos++
	lx.line++
}

func (lx *lexer) skipSpace() {
	for lx.pos < len(lx.src) {
		switch c := lx.at(0); {
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
	lx.skipWhile(func(c byte) bool { return !isNewline(c) })
	if lx.comments != nil {
		lx.comments[lx.line] = string(lx.src[start:lx.pos])
	}
}

// longBracket returns the level of the long bracket that opens here, or -1.
func (lx *lexer) longBracket() int {
	level := 0
	for lx.at(1+level) == '=' {
		level++
	}
	if lx.at(0) == '[' && lx.at(1+level) == '[' {
		return level
	}
	return -1
}

func (lx *lexer) long(what string, level int) {
	closing := []byte("]" + strings.Repeat("=", level) + "]")
	lx.pos += len(closing)
	for !bytes.HasPrefix(lx.src[lx.pos:], closing) {
		switch {
		case lx.pos >= len(lx.src):
			lx.failAtEnd("unfinished long " + what)
		case isNewline(lx.at(0)):
			lx.newline()
		default:
			lx.pos++
		}
	}
	lx.pos += len(closing)
}

func (lx *lexer) quoted(quote byte) {
	start := lx.pos
	lx.pos++
	for lx.at(0) != quote {
		switch {
		case lx.pos >= len(lx.src):
			lx.failAtEnd("unfinished string")
		case isNewline(lx.at(0)):
			lx.fail("unfinished string", string(lx.src[start:lx.pos]))
		case lx.at(0) == '\\':
			lx.escape(start)
		default:
			lx.pos++
		}
	}
	lx.pos++
	lx.add(text, start)
}

func (lx *lexer) escape(start int) {
	lx.pos++
	switch {
	case isNewline(lx.at(0)):
		lx.newline()
	case isDigit(lx.at(0)):
		code := 0
		for i := 0; i < 3 && isDigit(lx.at(0)); i++ {
			code = code*10 + int(lx.at(0)-'0')
			lx.pos++
		}
		if code > math.MaxUint8 {
			lx.fail("escape sequence too large", string(lx.src[start:lx.pos]))
		}
	case lx.pos < len(lx.src):
		lx.pos++
	}
}

func (lx *lexer) number() {
	start := lx.pos
	lx.skipWhile(func(c byte) bool { return isDigit(c) || c == '.' })
	if c := lx.at(0); c == 'e' || c == 'E' {
		lx.pos++
		if c := lx.at(0); c == '+' || c == '-' {
			lx.pos++
		}
	}
	lx.skipWhile(isNameByte)
	raw := string(lx.src[start:lx.pos])
	value, ok := parseNumeral(raw)
	if !ok {
		lx.fail("malformed number", raw)
	}
	lx.add(number, start)
	lx.tokens[len(lx.tokens)-1].text = decimal(value)
}

// parseNumeral reads what strtod reads: decimal, or hexadecimal of any length.
func parseNumeral(raw string) (value float64, ok bool) {
	if strings.Contains(raw, "_") {
		return 0, false
	}
	lower := strings.ToLower(raw)
	if strings.HasPrefix(lower, "0x") && !strings.Contains(lower, "p") {
		lower += "p0"
	}
	value, err := strconv.ParseFloat(lower, 64)
	return value, err == nil || math.IsInf(value, 0)
}

// infinite stands for a numeral that is too large; the rewriter recognizes it.
const infinite = "1e999"

func decimal(value float64) string {
	if math.IsInf(value, 0) {
		return infinite
	}
	return strconv.FormatFloat(value, 'g', -1, 64)
}

func (lx *lexer) symbol() {
	rest := lx.src[lx.pos:]
	for _, s := range symbols {
		if bytes.HasPrefix(rest, []byte(s)) {
			if lx.isSecondSeparator(s) {
				lx.fail("unexpected symbol", s)
			}
			start := lx.pos
			lx.pos += len(s)
			lx.add(symbol, start)
			return
		}
	}
	shown := string(rest[:1])
	if rest[0] < ' ' {
		shown = fmt.Sprintf("char(%d)", rest[0])
	}
	lx.fail("unexpected symbol", shown)
}

// isSecondSeparator finds an error that the parser accepts in a table: { 1,, 2 }.
func (lx *lexer) isSecondSeparator(symbol string) bool {
	if len(lx.tokens) == 0 || symbol != "," && symbol != ";" {
		return false
	}
	before := lx.tokens[len(lx.tokens)-1].raw
	return before == "," || before == ";" && symbol == ","
}

func (lx *lexer) fail(message, near string) {
	panic(&Error{Line: lx.line, Message: message + " near '" + near + "'"})
}

func (lx *lexer) failAtEnd(message string) {
	panic(&Error{Line: lx.line, Message: message + " near '<eof>'", Incomplete: true})
}

func isNewline(c byte) bool  { return c == '\n' || c == '\r' }
func isDigit(c byte) bool    { return '0' <= c && c <= '9' }
func isAlpha(c byte) bool    { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isNameByte(c byte) bool { return c == '_' || isAlpha(c) || isDigit(c) }
