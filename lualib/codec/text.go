package codec

import (
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// Short strings are most of the values of a large text. They share memory, a few at a time:
// a value that is kept keeps less than 1 KB of others.
const (
	sharedBytes  = 256
	sharedValues = 16
	shortString  = 64
)

// texts makes strings and values.
type texts struct {
	bytes  []byte        // room for short strings
	values []lua.LString // room for values
	small  int           // strings so far; memory is shared when there are several

	// names are the names of fields that were used last. Objects of a list have the
	// same ones.
	names [64]lua.LValue

	keys [16]objectKeys // likewise
}

// string makes a string of text.
func (t *texts) string(text []byte) string {
	if t.small++; t.small <= sharedValues || len(text) > shortString {
		return string(text)
	}
	if cap(t.bytes)-len(t.bytes) < len(text) {
		t.bytes = make([]byte, 0, sharedBytes)
	}
	from := len(t.bytes)
	t.bytes = append(t.bytes, text...)
	return unsafe.String(unsafe.SliceData(t.bytes[from:]), len(text))
}

// value makes a value of a string.
func (t *texts) value(text string) lua.LValue {
	if t.small <= sharedValues || len(text) > shortString {
		return lua.LString(text)
	}
	if len(t.values) == cap(t.values) {
		t.values = make([]lua.LString, 0, sharedValues)
	}
	t.values = append(t.values, lua.LString(text))
	return boxed(&t.values[len(t.values)-1])
}

// boxed is a value that points to s, which nobody changes.
func boxed(s *lua.LString) lua.LValue {
	type box struct{ _, data unsafe.Pointer }
	value := emptyString
	(*box)(unsafe.Pointer(&value)).data = unsafe.Pointer(s)
	return value
}

var emptyString lua.LValue = lua.LString("")

// field makes the name of a field.
func (t *texts) field(text []byte) lua.LValue {
	if len(text) == 0 || len(text) > shortString {
		return lua.LString(text)
	}
	known := &t.names[(len(text)+3*int(text[0])+7*int(text[len(text)-1])+int(text[len(text)/2]))%len(t.names)]
	if name, ok := (*known).(lua.LString); !ok || string(name) != string(text) {
		*known = lua.LString(text)
	}
	return *known
}

// smallNumbers are values that need no memory.
var smallNumbers = func() (all [256]lua.LValue) {
	for i := range all {
		all[i] = lua.LNumber(i)
	}
	return all
}()

// wholeNumber makes a value of a number.
func wholeNumber(n int64) lua.LValue {
	if 0 <= n && n < int64(len(smallNumbers)) {
		return smallNumbers[n]
	}
	return lua.LNumber(n)
}
