package codec

import (
	"math/big"
	"strconv"

	lua "github.com/yuin/gopher-lua"
)

// Number is the text of a JSON number that a Lua number cannot hold exactly.
// In Lua it is a userdata that can be printed, concatenated, and compared with
// others of its kind. It has no arithmetic, and is never equal to a Lua number
// or found as a table's key: both would need the digits that a Lua number has
// not.
type Number string

// Float is the Lua number that is nearest, infinite if it is too large.
func (n Number) Float() float64 {
	f, _ := strconv.ParseFloat(string(n), 64)
	return f
}

func (n Number) compare(other Number) int { return n.big().Cmp(other.big()) }

// big is exact for integers, whatever their length. An exponent too large for
// it counts as infinite; one too small cannot come up, being a Lua zero.
func (n Number) big() *big.Float {
	bits := uint(4 * len(n))
	f, _, err := big.ParseFloat(string(n), 10, bits, big.ToNearestEven)
	if err != nil {
		return new(big.Float).SetInf(n[0] == '-')
	}
	return f
}

// ParseNumber reads text, a JSON number, as the decoder would: as a Lua number
// if that holds it exactly, else as a Number.
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
			return lua.LNumber(i)
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

// isExact reports whether a Lua number holds i. The comparison with 1<<63
// matters: converting that back to an int64 gives different results on
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
