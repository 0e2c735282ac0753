package syntax

import (
	"math"
	"strconv"
	"strings"
)

// This file reads numbers and strings.

func (lx *lexer) number() token {
	start := lx.pos
	for isDigit(lx.at(0)) || lx.at(0) == '.' {
		lx.pos++
	}
	if lx.at(0)|0x20 == 'e' {
		lx.pos++
		if c := lx.at(0); c == '+' || c == '-' {
			lx.pos++
		}
	}
	for isNameByte(lx.at(0)) {
		lx.pos++
	}
	raw := lx.src[start:lx.pos]
	value, ok := parseNumeral(raw)
	if !ok {
		lx.fail("malformed number", raw)
	}
	return token{kind: number, raw: raw, value: value}
}

// parseNumeral reads what strtod reads: decimal, or hexadecimal of any length.
func parseNumeral(raw string) (value float64, ok bool) {
	if strings.Contains(raw, "_") {
		return 0, false
	}
	if len(raw) > 1 && raw[1]|0x20 == 'x' && !strings.ContainsAny(raw, "pP") {
		raw += "p0"
	}
	value, err := strconv.ParseFloat(raw, 64)
	return value, err == nil || math.IsInf(value, 0)
}

func (lx *lexer) quoted() token {
	quote := lx.src[lx.pos : lx.pos+1]
	lx.pos++
	start, escaped := lx.pos, false
	lx.buffer = lx.buffer[:0]
	for {
		if lx.pos >= len(lx.src) {
			lx.failAtEnd("unfinished string")
		}
		switch c := lx.src[lx.pos]; {
		case c == quote[0]:
			content := lx.src[start:lx.pos]
			if escaped {
				content = string(append(lx.buffer, content...))
			}
			lx.pos++
			return token{kind: text, raw: quote, text: content}
		case isNewline(c):
			lx.fail("unfinished string", quote+string(lx.buffer)+lx.src[start:lx.pos])
		case c == '\\':
			lx.buffer = append(lx.buffer, lx.src[start:lx.pos]...)
			lx.escape(quote)
			start, escaped = lx.pos, true
		default:
			lx.pos++
		}
	}
}

// escape appends what an escape sequence stands for to the buffer.
func (lx *lexer) escape(quote string) {
	lx.pos++ // the backslash
	if lx.pos >= len(lx.src) {
		return
	}
	c := lx.src[lx.pos]
	if isDigit(c) {
		code := 0
		for i := 0; i < 3 && isDigit(lx.at(0)); i++ {
			code = code*10 + int(lx.at(0)-'0')
			lx.pos++
		}
		if code > math.MaxUint8 {
			lx.fail("escape sequence too large", quote+string(lx.buffer))
		}
		lx.buffer = append(lx.buffer, byte(code))
		return
	}
	if isNewline(c) {
		lx.newline()
		lx.buffer = append(lx.buffer, '\n')
		return
	}
	if at := strings.IndexByte("abfnrtv", c); at >= 0 {
		c = "\a\b\f\n\r\t\v"[at]
	}
	lx.pos++
	lx.buffer = append(lx.buffer, c)
}

// bracket reads what begins with '[': a long string, or only that character.
func (lx *lexer) bracket() token {
	level := lx.longBracket()
	switch {
	case level >= 0:
		opening := lx.src[lx.pos : lx.pos+level+2]
		return token{kind: text, raw: opening, text: lx.long("string", level)}
	case lx.at(1) == '=':
		end := lx.pos + 1
		for end < len(lx.src) && lx.src[end] == '=' {
			end++
		}
		lx.fail("invalid long string delimiter", lx.src[lx.pos:end])
	}
	lx.pos++
	return token{kind: '['}
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

// closing returns what ends the string that begins with opening.
func closing(opening string) string { return strings.ReplaceAll(opening, "[", "]") }

// long reads a long string or comment, and returns what it contains.
func (lx *lexer) long(what string, level int) string {
	end := closing(lx.src[lx.pos : lx.pos+level+2])
	lx.pos += len(end)
	if isNewline(lx.at(0)) {
		lx.newline()
	}
	start, crude := lx.pos, false
	for {
		if lx.pos >= len(lx.src) {
			lx.failAtEnd("unfinished long " + what)
		}
		switch c := lx.src[lx.pos]; {
		case c == ']' && strings.HasPrefix(lx.src[lx.pos:], end):
			content := lx.src[start:lx.pos]
			lx.pos += len(end)
			if crude {
				content = withNewlines(content)
			}
			return content
		case isNewline(c):
			crude = crude || c == '\r' || lx.at(1) == '\r'
			lx.newline()
		case c == '[' && level == 0 && lx.at(1) == '[':
			lx.fail("nesting of [[...]] is deprecated", "[")
		default:
			lx.pos++
		}
	}
}

// withNewlines returns a text with '\n' for every end of line.
func withNewlines(content string) string {
	lx := lexer{src: content}
	var b strings.Builder
	for lx.pos < len(content) {
		if c := content[lx.pos]; isNewline(c) {
			lx.newline()
			b.WriteByte('\n')
		} else {
			lx.pos++
			b.WriteByte(c)
		}
	}
	return b.String()
}
