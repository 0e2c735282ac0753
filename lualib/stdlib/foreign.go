package stdlib

import (
	"os"

	lua "github.com/yuin/gopher-lua"
)

// Modules that take the place of C modules check their arguments as these do, with the
// texts of Lua's auxiliary library. This file is how they do it.

// Args are the arguments of one call of a function that [NewFunction] has made. A check
// that fails raises a Lua error.
type Args struct{ args }

// NewFunction makes a Lua function; messages about its arguments have its name.
func NewFunction(L *lua.LState, name string, call func(a Args) int) *lua.LFunction {
	return function{name, func(a args) int { return call(Args{a}) }}.bind(L)
}

// Len is the number of arguments.
func (a Args) Len() int { return a.top() }

// Absent reports whether argument n is nil or was not given.
func (a Args) Absent(n int) bool { return a.absent(n) }

// String returns argument n, a string or a number.
func (a Args) String(n int) string { return a.string(n) }

// Number returns argument n, a number or a string that is one.
func (a Args) Number(n int) float64 { return a.number(n) }

// IsNumber reports whether argument n is a number, or a string that is one.
func (a Args) IsNumber(n int) bool {
	_, ok := toNumber(a.L.Get(n))
	return ok
}

// NumberOr returns argument n, or absent for nil.
func (a Args) NumberOr(n int, absent float64) float64 {
	if a.absent(n) {
		return absent
	}
	return a.number(n)
}

// Integer returns argument n without its fraction.
func (a Args) Integer(n int) int { return a.integer(n) }

// IntegerOr returns argument n without its fraction, or absent for nil.
func (a Args) IntegerOr(n, absent int) int { return a.integerOr(n, absent) }

// Table returns argument n, a table.
func (a Args) Table(n int) *lua.LTable { return a.table(n) }

// Option returns argument n, which must be one of the words.
func (a Args) Option(n int, words ...string) string { return a.option(n, "", words...) }

// File returns argument n, a file object, and what it is open on. That is nil for a file
// that is closed, and for a standard stream that is no file of the system.
func (a Args) File(n int) (file *os.File, open bool) {
	f := a.fileOf(n)
	if f.closed {
		return nil, false
	}
	return f.os, true
}

// Reject raises an error about argument n.
func (a Args) Reject(n int, problem string) { a.reject(n, problem) }

// RejectType raises the error for argument n of another type than the wanted one.
func (a Args) RejectType(n int, wanted string) { a.rejectType(n, wanted) }

// Fail raises an error with the position of the caller.
func (a Args) Fail(format string, values ...any) { a.fail(format, values...) }

// Push returns values to Lua.
func (a Args) Push(values ...lua.LValue) int {
	for _, v := range values {
		a.L.Push(v)
	}
	return len(values)
}

// PushDone returns true; or nil, the text of the error in C and its number. If the error is
// about something that has a name, that comes before the text.
func (a Args) PushDone(err error, name ...string) int { return a.pushDone(err, name...) }

// ErrorText is the text that C has for an error of the system.
func ErrorText(err error) string {
	text, _ := cError(err)
	return text
}
