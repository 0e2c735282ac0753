package syntax

import "fmt"

// kind says what a token is. A token that is one character is its own kind, whether Lua
// has a use for it or not: the parser says what it expected instead.
type kind int

const (
	kwAnd kind = iota + 256
	kwBreak
	kwDo
	kwElse
	kwElseif
	kwEnd
	kwFalse
	kwFor
	kwFunction
	kwIf
	kwIn
	kwLocal
	kwNil
	kwNot
	kwOr
	kwRepeat
	kwReturn
	kwThen
	kwTrue
	kwUntil
	kwWhile
	concat       // ..
	dots         // ...
	equal        // ==
	greaterEqual // >=
	lessEqual    // <=
	notEqual     // ~=
	colons       // ::
	number
	ident
	text // a string
	eof
)

var kindNames = [...]string{
	"and", "break", "do", "else", "elseif", "end", "false", "for", "function", "if", "in",
	"local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
	"..", "...", "==", ">=", "<=", "~=", "::", "<number>", "<name>", "<string>", "<eof>",
}

// String returns the kind as messages show it.
func (k kind) String() string {
	switch {
	case k >= kwAnd:
		return kindNames[k-kwAnd]
	case k < ' ' || k == '\x7f':
		return fmt.Sprintf("char(%d)", int(k))
	}
	return string([]byte{byte(k)})
}

// keyword returns the kind of a word. It is a switch, and not a map, so that a program
// that compiles nothing has nothing to set up.
func keyword(word string) kind {
	switch word {
	case "and":
		return kwAnd
	case "break":
		return kwBreak
	case "do":
		return kwDo
	case "else":
		return kwElse
	case "elseif":
		return kwElseif
	case "end":
		return kwEnd
	case "false":
		return kwFalse
	case "for":
		return kwFor
	case "function":
		return kwFunction
	case "if":
		return kwIf
	case "in":
		return kwIn
	case "local":
		return kwLocal
	case "nil":
		return kwNil
	case "not":
		return kwNot
	case "or":
		return kwOr
	case "repeat":
		return kwRepeat
	case "return":
		return kwReturn
	case "then":
		return kwThen
	case "true":
		return kwTrue
	case "until":
		return kwUntil
	case "while":
		return kwWhile
	}
	return ident
}

// token is one word of the source.
type token struct {
	kind  kind
	raw   string // a name or number as in the source; of a string, what it begins with
	text  string // what a string contains
	value float64
}

// near returns the token as messages show it: what a string contains, not how it is
// written.
func (t token) near() string {
	switch t.kind {
	case ident, number:
		return t.raw
	case text:
		return t.raw + t.text + closing(t.raw)
	}
	return t.kind.String()
}

// IsName reports whether a text is a name in Lua: a variable, or a key without brackets.
func IsName(text string) bool {
	for i, c := range []byte(text) {
		if !isNameByte(c) || i == 0 && isDigit(c) {
			return false
		}
	}
	return text != "" && keyword(text) == ident
}
