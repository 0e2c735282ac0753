package codec

import (
	"cmp"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// Number is the text of a JSON number that a Lua number cannot hold exactly. In Lua
// it is a userdata that can be printed, concatenated, and compared with other
// Numbers. It has no arithmetic, never equals a Lua number, and cannot be used to
// look up a key: that would need digits that a Lua number does not have.
type Number string

// Float returns the nearest Lua number; infinity if it is too large.
func (n Number) Float() float64 {
	f, _ := strconv.ParseFloat(string(n), 64)
	return f
}

// compare works on the digits. It is exact, and takes no more time than reading
// them; converting millions of digits would delay an interrupt for seconds.
func (n Number) compare(other Number) int {
	a, b := n.decimal(), other.decimal()
	return cmp.Or(
		cmp.Compare(a.sign, b.sign),
		a.sign*cmp.Compare(a.exponent, b.exponent),
		a.sign*strings.Compare(a.digits, b.digits),
	)
}

// decimal is sign * 0.digits * 10^exponent. The digits have no zeros at either end,
// so that equal numbers have equal digits.
type decimal struct {
	sign     int
	digits   string
	exponent int64
}

// decimal limits exponents to 2^61.
func (n Number) decimal() decimal {
	text, negative := strings.CutPrefix(string(n), "-")
	sign := 1
	if negative {
		sign = -1
	}
	var exponent int64
	if e := strings.IndexAny(text, "eE"); e >= 0 {
		exponent, _ = strconv.ParseInt(text[e+1:], 10, 62)
		text = text[:e]
	}
	whole, fraction, _ := strings.Cut(text, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	exponent += int64(len(digits) - len(fraction))
	return decimal{sign, strings.TrimRight(digits, "0"), exponent}
}

// ParseNumber reads text, a JSON number, like the decoder: as a Lua number if that
// is exact, otherwise as a Number.
func (c *Codec) ParseNumber(text string) (lua.LValue, error) {
	d := decoder{codec: c, data: []byte(text)}
	if first := d.peek(); first != '-' && !isDigit(first) {
		return nil, d.fail("a number")
	}
	v, err := d.number()
	if err == nil {
		err = d.end()
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// parseNumber makes a value of text, which is known to be a JSON number.
func (c *Codec) parseNumber(text []byte, integer bool) lua.LValue {
	if integer && string(text) != "-0" {
		if i, err := strconv.ParseInt(string(text), 10, 64); err == nil && isExact(i) {
			return wholeNumber(i)
		}
		return c.newNumber(text)
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil { // out of range
		return c.newNumber(text)
	}
	return lua.LNumber(f)
}

func (c *Codec) newNumber(text []byte) *lua.LUserData {
	return &lua.LUserData{Value: Number(text), Env: c.Null.Env, Metatable: c.number}
}

// isExact reports whether a Lua number can hold i. The comparison with 1<<63 is
// necessary: converting that number back to an int64 gives different results on
// different processors.
func isExact(i int64) bool {
	f := float64(i)
	return f < 1<<63 && int64(f) == i
}

func numberMetatable(L *lua.LState) *lua.LTable {
	return L.SetFuncs(L.NewTable(), map[string]lua.LGFunction{
		"__tostring": func(L *lua.LState) int {
			L.Push(lua.LString(checkNumber(L, 1)))
			return 1
		},
		"__concat": func(L *lua.LState) int {
			left, right := L.ToStringMeta(L.Get(1)), L.ToStringMeta(L.Get(2))
			L.Push(lua.LString(left.String() + right.String()))
			return 1
		},
		"__eq": comparison(func(order int) bool { return order == 0 }),
		"__lt": comparison(func(order int) bool { return order < 0 }),
		"__le": comparison(func(order int) bool { return order <= 0 }),
	})
}

func comparison(holds func(order int) bool) lua.LGFunction {
	return func(L *lua.LState) int {
		order := checkNumber(L, 1).compare(checkNumber(L, 2))
		L.Push(lua.LBool(holds(order)))
		return 1
	}
}

func checkNumber(L *lua.LState, arg int) Number {
	n, ok := L.CheckUserData(arg).Value.(Number)
	if !ok {
		L.ArgError(arg, "wanted a JSON number")
	}
	return n
}
