package codec

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	lua "github.com/yuin/gopher-lua"

	"avescript/core/rpcjson"
)

// SyntaxError says where a text is not valid JSON.
type SyntaxError struct {
	Offset int // in bytes, from 0
	Line   int // from 1
	Column int // in characters, from 1
	Msg    string
}

// Error names the line and column.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Msg)
}

// Decode reads data, which must be exactly one JSON value. The result keeps no
// reference to data. The error is a [*SyntaxError].
func (c *Codec) Decode(data []byte) (lua.LValue, error) {
	d := newDecoder(c, data)
	defer d.free()
	v, err := d.value()
	if err == nil {
		err = d.end()
	}
	if err != nil {
		return nil, err
	}
	return c.alone(v), nil
}

// DecodeList reads a JSON array and returns its values without a table. A null
// among them is nil.
func (c *Codec) DecodeList(data []byte) ([]lua.LValue, error) {
	d := newDecoder(c, data)
	defer d.free()
	if d.peek() != '[' {
		return nil, d.fail("an array")
	}
	err := d.elements()
	if err == nil {
		err = d.end()
	}
	if err != nil {
		return nil, err
	}
	values := make([]lua.LValue, len(d.members))
	for i, m := range d.members {
		values[i] = c.alone(m.value)
	}
	return values, nil
}

// alone returns v as a value outside of a table, where null can be nil.
func (c *Codec) alone(v lua.LValue) lua.LValue {
	if v == c.Null {
		return lua.LNil
	}
	return v
}

// member is one value of an array, or one field of an object.
type member struct {
	key   lua.LValue // a string, or nil
	value lua.LValue
}

type decoder struct {
	codec *Codec
	data  []byte
	pos   int
	depth int

	// members are those of the unfinished arrays and objects, outermost first. They
	// are put into a table at its end, so that the table can be made with the right
	// size.
	members []member
	texts   *texts
}

// decoders are reused for their members, whose allocation costs more than
// everything else when a small value is decoded.
var decoders = sync.Pool{New: func() any { return &decoder{texts: new(texts)} }}

// keptMembers is the largest number of members of a decoder that is reused.
const keptMembers = 256

func newDecoder(c *Codec, data []byte) *decoder {
	d := decoders.Get().(*decoder)
	*d = decoder{codec: c, data: data, members: d.members, texts: d.texts}
	return d
}

func (d *decoder) free() {
	if cap(d.members) > keptMembers {
		return
	}
	clear(d.members[:cap(d.members)])
	*d.texts = texts{names: d.texts.names, keys: d.texts.keys}
	*d = decoder{members: d.members[:0], texts: d.texts}
	decoders.Put(d)
}

// value reads the next value, and null as Null.
func (d *decoder) value() (lua.LValue, error) {
	switch c := d.peek(); {
	case c == '"':
		literal, err := d.string()
		if err != nil {
			return nil, err
		}
		return d.texts.value(d.texts.string(literal)), nil
	case c == '-' || isDigit(c):
		return d.number()
	case c == '{':
		return d.object()
	case c == '[':
		return d.list()
	case d.literal("true"):
		return lua.LTrue, nil
	case d.literal("false"):
		return lua.LFalse, nil
	case d.literal("null"):
		return d.codec.Null, nil
	case d.codec.nan && d.literal("NaN"):
		return lua.LNumber(math.NaN()), nil
	case d.codec.nan && d.literal("Infinity"):
		return lua.LNumber(math.Inf(1)), nil
	}
	return nil, d.fail("a value")
}

// peek returns the next byte that is not white space, or 0 at the end.
func (d *decoder) peek() byte {
	for ; d.pos < len(d.data); d.pos++ {
		switch c := d.data[d.pos]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// at returns the byte at the position, or 0 at the end.
func (d *decoder) at() byte {
	if d.pos < len(d.data) {
		return d.data[d.pos]
	}
	return 0
}

func (d *decoder) end() error {
	if d.peek(); d.pos < len(d.data) {
		return d.fail("the end of the text")
	}
	return nil
}

func (d *decoder) literal(word string) bool {
	if bytes.HasPrefix(d.data[d.pos:], []byte(word)) {
		d.pos += len(word)
		return true
	}
	return false
}

func (d *decoder) list() (lua.LValue, error) {
	base := len(d.members)
	if err := d.elements(); err != nil {
		return nil, err
	}
	t := newList(d.members[base:], d.codec.list)
	d.members = d.members[:base]
	return t, nil
}

// elements reads an array and leaves its values at the end of d.members.
func (d *decoder) elements() error {
	if err := d.enter(); err != nil {
		return err
	}
	if d.peek() == ']' {
		d.leave()
		return nil
	}
	for {
		v, err := d.value()
		if err != nil {
			return err
		}
		d.members = append(d.members, member{value: v})
		switch d.peek() {
		case ',':
			d.pos++
		case ']':
			d.leave()
			return nil
		default:
			return d.fail("',' or ']'")
		}
	}
}

func (d *decoder) object() (lua.LValue, error) {
	base := len(d.members)
	if err := d.fields(); err != nil {
		return nil, err
	}
	t := d.texts.newObject(d.members[base:], d.codec.object)
	d.members = d.members[:base]
	return t, nil
}

// fields reads an object and leaves its fields at the end of d.members.
func (d *decoder) fields() error {
	if err := d.enter(); err != nil {
		return err
	}
	if d.peek() == '}' {
		d.leave()
		return nil
	}
	for {
		if err := d.field(); err != nil {
			return err
		}
		switch d.peek() {
		case ',':
			d.pos++
		case '}':
			d.leave()
			return nil
		default:
			return d.fail("',' or '}'")
		}
	}
}

func (d *decoder) field() error {
	if d.peek() != '"' {
		return d.fail("a string as the key")
	}
	literal, err := d.string()
	if err != nil {
		return err
	}
	key := d.texts.field(literal)
	if d.peek() != ':' {
		return d.fail("':'")
	}
	d.pos++
	v, err := d.value()
	if err != nil {
		return err
	}
	d.members = append(d.members, member{key, v})
	return nil
}

// enter skips an opening bracket, leave a closing one.
func (d *decoder) enter() error {
	if d.depth == MaxDepth {
		return d.fail(fmt.Sprintf("at most %d levels of nesting", MaxDepth))
	}
	d.depth++
	d.pos++
	return nil
}

func (d *decoder) leave() {
	d.depth--
	d.pos++
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func (d *decoder) number() (lua.LValue, error) {
	start := d.pos
	integer := true
	if d.at() == '-' {
		d.pos++
		if d.codec.nan && d.literal("Infinity") {
			return lua.LNumber(math.Inf(-1)), nil
		}
	}
	if d.at() == '0' {
		d.pos++
	} else if err := d.digits(); err != nil {
		return nil, err
	}
	if d.at() == '.' {
		integer = false
		d.pos++
		if err := d.digits(); err != nil {
			return nil, err
		}
	}
	if c := d.at(); c == 'e' || c == 'E' {
		integer = false
		d.pos++
		if c := d.at(); c == '+' || c == '-' {
			d.pos++
		}
		if err := d.digits(); err != nil {
			return nil, err
		}
	}
	return d.codec.parseNumber(d.data[start:d.pos], integer), nil
}

func (d *decoder) digits() error {
	if !isDigit(d.at()) {
		return d.fail("a digit")
	}
	for isDigit(d.at()) {
		d.pos++
	}
	return nil
}

// string reads a string, without its quotes and escapes. It may be a part of the text.
func (d *decoder) string() ([]byte, error) {
	start := d.pos
	ascii, escaped := true, false
	for d.pos++; ; d.pos++ {
		d.pos += rpcjson.Plain(d.data[d.pos:])
		switch c := d.at(); {
		case c == '"':
			d.pos++
			return unquote(d.data[start:d.pos], ascii, escaped), nil
		case c == '\\':
			escaped = true
			if err := d.escape(); err != nil {
				return nil, err
			}
		case c < ' ':
			return nil, d.fail("the end of the string")
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
}

// escape moves to the last byte of an escape sequence.
func (d *decoder) escape() error {
	d.pos++
	switch d.at() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return nil
	case 'u':
		for range 4 {
			d.pos++
			if !isHex(d.at()) {
				return d.fail("a hexadecimal digit")
			}
		}
		return nil
	}
	return d.fail("an escape sequence")
}

func isHex(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// unquote decodes a string literal that is well formed except for bytes that are
// not UTF-8 and lone surrogates: these are replaced.
func unquote(literal []byte, ascii, escaped bool) []byte {
	if ascii && !escaped || !escaped && utf8.Valid(literal) {
		return literal[1 : len(literal)-1]
	}
	// The error only says that something was replaced.
	s, _ := jsontext.AppendUnquote(nil, literal)
	return s
}

// fail makes the error for the current position.
func (d *decoder) fail(wanted string) error {
	before := d.data[:d.pos]
	got := "the end of the text"
	if d.pos < len(d.data) {
		r, _ := utf8.DecodeRune(d.data[d.pos:])
		got = strconv.QuoteRune(r)
	}
	return &SyntaxError{
		Offset: d.pos,
		Line:   1 + bytes.Count(before, []byte("\n")),
		Column: 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]),
		Msg:    fmt.Sprintf("wanted %s, got %s", wanted, got),
	}
}
