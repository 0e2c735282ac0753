package compat

import (
	"fmt"
	"math"
	"math/bits"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/stdlib"
)

// openBit makes bit, as LuaJIT has it: operations on 32 bits, whose results are signed.
func openBit(L *lua.LState) *lua.LTable {
	return newTable(L, []function{
		{"tobit", unary(func(x int32) int32 { return x })},
		{"bnot", unary(func(x int32) int32 { return ^x })},
		{"bswap", unary(func(x int32) int32 { return int32(bits.ReverseBytes32(uint32(x))) })},
		{"band", folding(func(x, y int32) int32 { return x & y })},
		{"bor", folding(func(x, y int32) int32 { return x | y })},
		{"bxor", folding(func(x, y int32) int32 { return x ^ y })},
		{"lshift", shifting(func(x int32, n int) int32 { return x << n })},
		{"rshift", shifting(func(x int32, n int) int32 { return int32(uint32(x) >> n) })},
		{"arshift", shifting(func(x int32, n int) int32 { return x >> n })},
		{"rol", shifting(func(x int32, n int) int32 { return int32(bits.RotateLeft32(uint32(x), n)) })},
		{"ror", shifting(func(x int32, n int) int32 { return int32(bits.RotateLeft32(uint32(x), -n)) })},
		{"tohex", bitTohex},
	})
}

// low32 returns argument n modulo 2^32, rounded to even. The sum moves the integer part of
// the number to the end of its mantissa; numbers beyond 2^51 lose bits as in LuaJIT.
func low32(a stdlib.Args, n int) int32 {
	const shift = 1<<52 + 1<<51
	return int32(uint32(math.Float64bits(a.Number(n) + shift)))
}

func pushBits(a stdlib.Args, x int32) int { return a.Push(lua.LNumber(x)) }

func unary(operation func(x int32) int32) func(stdlib.Args) int {
	return func(a stdlib.Args) int { return pushBits(a, operation(low32(a, 1))) }
}

func folding(operation func(x, y int32) int32) func(stdlib.Args) int {
	return func(a stdlib.Args) int {
		x := low32(a, 1)
		for n := 2; n <= a.Len(); n++ {
			x = operation(x, low32(a, n))
		}
		return pushBits(a, x)
	}
}

func shifting(operation func(x int32, n int) int32) func(stdlib.Args) int {
	return func(a stdlib.Args) int {
		x := low32(a, 1)
		return pushBits(a, operation(x, int(low32(a, 2)&31)))
	}
}

// bitTohex is tohex(x [, n]): the last n digits, in upper case if n is negative.
func bitTohex(a stdlib.Args) int {
	x, digits := uint32(low32(a, 1)), 8
	if !a.Absent(2) {
		digits = int(low32(a, 2))
	}
	format := "%0*x"
	if digits < 0 {
		digits, format = -digits, "%0*X"
	}
	const most = 254 // of LuaJIT
	digits = min(digits, most)
	text := fmt.Sprintf(format, digits, x)
	text = text[max(0, len(text)-digits):]
	return a.Push(lua.LString(strings.Clone(text)))
}
