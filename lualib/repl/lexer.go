package repl

import (
	"slices"
	"strings"
)

// A lexer for Lua that is being typed. The lexer of package syntax, which compiles, is
// stricter: it refuses unfinished code.

type kind int

const (
	symbol kind = iota
	keyword
	name
	number
	text
	comment
)

// token is a word of the source, with its place.
type token struct {
	kind     kind
	from, to int
	raw      string
	line     int
	open     bool // a string or comment without its end
}

var keywords = []string{
	"and", "break", "do", "else", "elseif", "end", "false", "for", "function", "if", "in",
	"local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
}

// scan splits a source into tokens. It accepts any text.
func scan(source string) (tokens []token) {
	line := 1
	for at := 0; at < len(source); {
		c := source[at]
		if strings.IndexByte(" \t\r\n\v\f", c) >= 0 {
			if c == '\n' {
				line++
			}
			at++
			continue
		}
		t := tokenAt(source, at)
		t.from, t.raw, t.line = at, source[at:t.to], line
		line += strings.Count(t.raw, "\n")
		at = t.to
		tokens = append(tokens, t)
	}
	return tokens
}

func tokenAt(s string, at int) token {
	c := s[at]
	switch {
	case strings.HasPrefix(s[at:], "--"):
		if to, open, ok := longBracket(s, at+len("--")); ok {
			return token{kind: comment, to: to, open: open}
		}
		if n := strings.IndexByte(s[at:], '\n'); n >= 0 {
			return token{kind: comment, to: at + n}
		}
		return token{kind: comment, to: len(s), open: true}
	case c == '"' || c == '\'':
		to, open := quoted(s, at)
		return token{kind: text, to: to, open: open}
	case c == '[':
		if to, open, ok := longBracket(s, at); ok {
			return token{kind: text, to: to, open: open}
		}
	case isLetter(c):
		to := skip(s, at, isNameByte)
		if slices.Contains(keywords, s[at:to]) {
			return token{kind: keyword, to: to}
		}
		return token{kind: name, to: to}
	case isDigit(c) || c == '.' && at+1 < len(s) && isDigit(s[at+1]):
		return token{kind: number, to: skip(s, at, func(c byte) bool { return isNameByte(c) || c == '.' })}
	}
	for _, long := range []string{"...", "..", "==", "~=", "<=", ">="} {
		if strings.HasPrefix(s[at:], long) {
			return token{kind: symbol, to: at + len(long)}
		}
	}
	return token{kind: symbol, to: at + 1}
}

// longBracket returns where a string or comment in long brackets ends, if one begins at
// the given place.
func longBracket(s string, at int) (to int, open, ok bool) {
	level := at + 1
	for level < len(s) && s[level] == '=' {
		level++
	}
	if at >= len(s) || s[at] != '[' || level >= len(s) || s[level] != '[' {
		return 0, false, false
	}
	end := "]" + s[at+1:level] + "]"
	if n := strings.Index(s[level+1:], end); n >= 0 {
		return level + 1 + n + len(end), false, true
	}
	return len(s), true, true
}

// quoted returns where a string in quotes ends: at the quote, or else at the end of its line.
func quoted(s string, at int) (to int, open bool) {
	for to = at + 1; to < len(s); to++ {
		switch s[to] {
		case s[at]:
			return to + 1, false
		case '\n':
			return to, true
		case '\\':
			to++
		}
	}
	return len(s), true
}

func skip(s string, at int, in func(byte) bool) int {
	for at < len(s) && in(s[at]) {
		at++
	}
	return at
}

func isDigit(c byte) bool    { return '0' <= c && c <= '9' }
func isLetter(c byte) bool   { return c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z' }
func isNameByte(c byte) bool { return isLetter(c) || isDigit(c) }
