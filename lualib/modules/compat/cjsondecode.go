package compat

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"
)

// jsonDecoder reads one text, in pieces that the original calls tokens.
type jsonDecoder struct {
	L      *lua.LState
	config *jsonConfig
	null   *lua.LUserData
	text   string // ends with a zero byte
	at     int
	depth  int
	slots  int
}

// jsonToken is a token. Its kind is its first character: t for both booleans, 0 for a
// number, z for the end of the text, and ? for an error.
type jsonToken struct {
	kind  byte
	at    int // its first byte, or the error
	value lua.LValue
	fault string // of an error
}

// tokenNames are what messages call the kinds.
var tokenNames = map[byte]string{
	'{': "T_OBJ_BEGIN", '}': "T_OBJ_END", '[': "T_ARR_BEGIN", ']': "T_ARR_END", '"': "T_STRING", '0': "T_NUMBER",
	't': "T_BOOLEAN", 'n': "T_NULL", ':': "T_COLON", ',': "T_COMMA", 'z': "T_END",
}

func decodeJSON(L *lua.LState, c *jsonConfig, text string) (lua.LValue, error) {
	if len(text) >= 2 && (text[0] == 0 || text[1] == 0) {
		return nil, errors.New("JSON parser does not support UTF-16 or UTF-32")
	}
	d := &jsonDecoder{L: L, config: c, null: null.Of(L), text: text + "\x00"}
	value, err := d.value(d.next())
	if err != nil {
		return nil, err
	}
	if token := d.next(); token.kind != 'z' {
		return nil, d.unexpected("the end", token)
	}
	return value, nil
}

func (d *jsonDecoder) unexpected(wanted string, token jsonToken) error {
	found := token.fault
	if token.kind != '?' {
		found = tokenNames[token.kind]
	}
	return fmt.Errorf("Expected %s but found %s at character %d", wanted, found, token.at+1) //nolint:staticcheck // the original's text
}

func (d *jsonDecoder) value(token jsonToken) (lua.LValue, error) {
	switch token.kind {
	case '{':
		return d.nested(d.object, tableSlots)
	case '[':
		return d.nested(d.array, arraySlots)
	}
	if token.value == nil {
		return nil, d.unexpected("value", token)
	}
	return token.value, nil
}

// nested reads an array or an object, whose parts need so many slots.
func (d *jsonDecoder) nested(read func() (lua.LValue, error), slots int) (lua.LValue, error) {
	const argument, room = 1, 1
	d.depth++
	if d.depth > d.config.decodeDepth || argument+d.slots+slots+room > stackSlots {
		return nil, fmt.Errorf("Found too many nested data structures (%d) at character %d", d.depth, d.at) //nolint:staticcheck // the original's text
	}
	d.slots += slots
	value, err := read()
	d.slots -= slots
	d.depth--
	return value, err
}

func (d *jsonDecoder) object() (lua.LValue, error) {
	table := d.L.NewTable()
	token := d.next()
	for token.kind != '}' {
		if token.kind != '"' {
			return nil, d.unexpected("object key string", token)
		}
		key := token.value
		if token = d.next(); token.kind != ':' {
			return nil, d.unexpected("colon", token)
		}
		value, err := d.value(d.next())
		if err != nil {
			return nil, err
		}
		table.RawSet(key, value)
		if token = d.next(); token.kind == '}' {
			break
		} else if token.kind != ',' {
			return nil, d.unexpected("comma or object end", token)
		}
		if token = d.next(); token.kind == '}' {
			return nil, d.unexpected("object key string", token)
		}
	}
	return table, nil
}

func (d *jsonDecoder) array() (lua.LValue, error) {
	table := d.L.NewTable()
	token := d.next()
	for token.kind != ']' {
		value, err := d.value(token)
		if err != nil {
			return nil, err
		}
		table.Append(value)
		if token = d.next(); token.kind == ']' {
			break
		} else if token.kind != ',' {
			return nil, d.unexpected("comma or array end", token)
		}
		if token = d.next(); token.kind == ']' {
			return nil, d.unexpected("value", token)
		}
	}
	return table, nil
}

func (d *jsonDecoder) fault(what string) jsonToken {
	return jsonToken{kind: '?', at: d.at, fault: what}
}

// next reads a token. After an error d.at stays where that is.
func (d *jsonDecoder) next() jsonToken {
	for strings.IndexByte(" \t\n\r", d.text[d.at]) >= 0 {
		d.at++
	}
	token := jsonToken{at: d.at}
	rest := d.text[d.at:]
	isNumber := rest[0] == '-' || rest[0] >= '0' && rest[0] <= '9'
	switch {
	case rest[0] == 0:
		token.kind = 'z'
	case strings.IndexByte("{}[]:,", rest[0]) >= 0:
		token.kind = rest[0]
		d.at++
	case rest[0] == '"':
		return d.string(token)
	case isNumber && !d.config.decodeInvalid && isOddNumber(rest):
		return d.fault("invalid number")
	case isNumber:
		return d.number(token)
	case strings.HasPrefix(rest, "true"):
		token.kind, token.value = 't', lua.LTrue
		d.at += len("true")
	case strings.HasPrefix(rest, "false"):
		token.kind, token.value = 't', lua.LFalse
		d.at += len("false")
	case strings.HasPrefix(rest, "null"):
		token.kind, token.value = 'n', d.null
		d.at += len("null")
	case d.config.decodeInvalid && isOddNumber(rest):
		return d.number(token)
	default:
		return d.fault("invalid token")
	}
	return token
}

// isOddNumber reports whether a text begins with what C takes for a number and JSON does
// not: a plus, zeros in front, hexadecimal digits, an infinity or NaN.
func isOddNumber(text string) bool {
	unsigned := strings.TrimPrefix(text, "-")
	if text[0] == '+' || hasPrefixFold(unsigned, "inf") || hasPrefixFold(unsigned, "nan") {
		return true
	}
	return unsigned[0] == '0' && (unsigned[1]|0x20 == 'x' || unsigned[1] >= '0' && unsigned[1] <= '9')
}

func hasPrefixFold(text, prefix string) bool {
	return len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix)
}

func (d *jsonDecoder) number(token jsonToken) jsonToken {
	value, n := cNumber(d.text[d.at:])
	if n == 0 {
		return d.fault("invalid number")
	}
	d.at += n
	token.kind, token.value = '0', lua.LNumber(value)
	return token
}

// plainEscapes are what the escapes of one character stand for.
var plainEscapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 't': '\t', 'n': '\n', 'f': '\f', 'r': '\r'}

func (d *jsonDecoder) string(token jsonToken) jsonToken {
	var value []byte
	for d.at++; d.text[d.at] != '"'; {
		c := d.text[d.at]
		if c == 0 {
			return d.fault("unexpected end of string")
		}
		if c != '\\' {
			value = append(value, c)
			d.at++
			continue
		}
		c = d.text[d.at+1]
		if c == 'u' {
			r, n := unicodeEscape(d.text[d.at:])
			if n == 0 {
				return d.fault("invalid unicode escape code")
			}
			value = utf8.AppendRune(value, r)
			d.at += n
			continue
		}
		plain, ok := plainEscapes[c]
		if !ok {
			return d.fault("invalid escape code")
		}
		value = append(value, plain)
		d.at += 2
	}
	d.at++
	token.kind, token.value = '"', lua.LString(value)
	return token
}

// unicodeEscape reads \uXXXX, or two of them for a character beyond 16 bits, and says how
// long that is: 0 if it is wrong.
func unicodeEscape(text string) (r rune, length int) {
	const size = len(`\uXXXX`)
	first, ok := codeUnit(text)
	if !ok || !utf16.IsSurrogate(first) {
		return first, map[bool]int{true: size}[ok]
	}
	second, ok := codeUnit(text[size:])
	r = utf16.DecodeRune(first, second)
	if !ok || r == utf8.RuneError {
		return 0, 0
	}
	return r, 2 * size
}

func codeUnit(text string) (rune, bool) {
	const size = len(`\uXXXX`)
	if len(text) < size || !strings.HasPrefix(text, `\u`) {
		return 0, false
	}
	unit, err := strconv.ParseUint(text[2:size], 16, 16)
	return rune(unit), err == nil
}
