package stdlib

import (
	"math"
	"reflect"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bytecode"
)

// args are the arguments of one call. Every check raises a Lua error with the text
// of the reference interpreter.
type args struct {
	L    *lua.LState
	name string
}

func (a args) top() int { return a.L.GetTop() }

// absent reports whether argument n is nil or was not given.
func (a args) absent(n int) bool { return a.L.Get(n) == lua.LNil }

// fail raises an error with the position of the caller.
func (a args) fail(format string, values ...any) {
	a.L.RaiseError(format, values...)
}

// reject raises an error about argument n. In a method call self does not count.
func (a args) reject(n int, problem string) {
	if a.isMethodCall() {
		n--
		if n == 0 {
			a.fail("calling '%s' on bad self (%s)", a.name, problem)
		}
	}
	a.fail("bad argument #%d to '%s' (%s)", n, a.name, problem)
}

func (a args) rejectType(n int, wanted string) {
	a.reject(n, wanted+" expected, got "+a.typeName(n))
}

func (a args) typeName(n int) string {
	if n > a.top() {
		return "no value"
	}
	return a.L.Get(n).Type().String()
}

func (a args) any(n int) lua.LValue {
	if n > a.top() {
		a.reject(n, "value expected")
	}
	return a.L.Get(n)
}

func (a args) table(n int) *lua.LTable {
	t, ok := a.L.Get(n).(*lua.LTable)
	if !ok {
		a.rejectType(n, "table")
	}
	return t
}

func (a args) function(n int) *lua.LFunction {
	fn, ok := a.L.Get(n).(*lua.LFunction)
	if !ok {
		a.rejectType(n, "function")
	}
	return fn
}

func (a args) string(n int) string {
	s, ok := toString(a.L.Get(n))
	if !ok {
		a.rejectType(n, "string")
	}
	return s
}

func (a args) stringOr(n int, absent string) string {
	if a.absent(n) {
		return absent
	}
	return a.string(n)
}

func (a args) number(n int) float64 {
	x, ok := toNumber(a.L.Get(n))
	if !ok {
		a.rejectType(n, "number")
	}
	return x
}

func (a args) integer(n int) int { return truncate(a.number(n)) }

func (a args) integerOr(n, absent int) int {
	if a.absent(n) {
		return absent
	}
	return a.integer(n)
}

// option returns argument n, which must be one of the given words; absent is used
// for nil where that is allowed.
func (a args) option(n int, absent string, words ...string) string {
	s := absent
	if absent == "" || !a.absent(n) {
		s = a.string(n)
	}
	for _, word := range words {
		if s == word {
			return s
		}
	}
	a.reject(n, "invalid option '"+s+"'")
	return ""
}

func (a args) pushNumber(x float64) int {
	a.L.Push(lua.LNumber(x))
	return 1
}

func (a args) pushString(s string) int {
	a.L.Push(lua.LString(s))
	return 1
}

func (a args) pushBool(b bool) int {
	a.L.Push(lua.LBool(b))
	return 1
}

// pushError pushes nil, the C text of the error and its number. If the error is
// about a name, that comes before the text, even if it is empty.
func (a args) pushError(err error, name ...string) int {
	text, number := cError(err)
	for _, n := range name {
		text = n + ": " + text
	}
	a.L.Push(lua.LNil)
	a.L.Push(lua.LString(text))
	a.L.Push(lua.LNumber(number))
	return 3
}

// pushDone pushes true, or the error.
func (a args) pushDone(err error, name ...string) int {
	if err != nil {
		return a.pushError(err, name...)
	}
	return a.pushBool(true)
}

// room returns how many values a function may push. The registry also holds the
// values of the callers, whose number is not known, and an overflow has no good
// message.
func (a args) room() int {
	return max(a.L.Options.RegistrySize, a.L.Options.RegistryMaxSize) / 2
}

// isMethodCall reports whether the running function was called as object:name().
// gopher-lua does not tell, but the caller's code shows it: the instruction that
// loaded the function's register is then OP_SELF.
func (a args) isMethodCall() bool {
	debug, ok := a.L.GetStack(1)
	if !ok {
		return false
	}
	value, err := a.L.GetInfo("f", debug, lua.LNil)
	caller, ok := value.(*lua.LFunction)
	if err != nil || !ok || caller.IsG {
		return false
	}
	pc := int(reflect.ValueOf(debug).Elem().FieldByName("frame").Elem().FieldByName("Pc").Int()) - 1
	code := caller.Proto.Code
	if pc < 0 || pc >= len(code) {
		return false
	}
	return lastLoad(code[:pc], bytecode.A(code[pc])) == lua.OP_SELF
}

// lastLoad returns the opcode of the last instruction that may have put a function
// into the register, or -1.
func lastLoad(code []uint32, register int) int {
	for i := len(code) - 1; i >= 0; i-- {
		if bytecode.A(code[i]) != register {
			continue
		}
		switch op := bytecode.Op(code[i]); op {
		case lua.OP_SELF, lua.OP_MOVE, lua.OP_MOVEN, lua.OP_GETUPVAL, lua.OP_GETGLOBAL,
			lua.OP_GETTABLE, lua.OP_GETTABLEKS, lua.OP_CALL, lua.OP_CLOSURE:
			return op
		}
	}
	return -1
}

// truncate returns the integer part of x, at most the largest integer.
func truncate(x float64) int {
	switch {
	case x != x:
		return math.MinInt
	case x >= math.MaxInt:
		return math.MaxInt
	case x <= math.MinInt:
		return math.MinInt
	}
	return int(x)
}
