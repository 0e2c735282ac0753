package mainloop

import (
	"math"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// A number in a register is a pointer to a float64. Small whole numbers have one
// that all interpreters share; others get one from a block, because allocating them
// one by one would take longer. A block is kept as long as one of its numbers is.

const (
	leastSmall  = -128
	mostSmall   = 1023
	numbersEach = 32 // in a block
)

// numbers makes LValues from numbers, for one interpreter.
type numbers struct {
	block *[numbersEach]float64
	used  int
}

var (
	smallNumbers [mostSmall - leastSmall + 1]float64
	numberItab   uintptr
)

func init() {
	for i := range smallNumbers {
		smallNumbers[i] = float64(i + leastSmall)
	}
	number := lua.LValue(lua.LNumber(0))
	numberItab = (*value)(unsafe.Pointer(&number)).itab
}

// place returns where the number is stored. Minus zero is not a small number.
func (n *numbers) place(x float64) *float64 {
	i := int(x)
	if uint(i-leastSmall) < uint(len(smallNumbers)) && math.Float64bits(float64(i)) == math.Float64bits(x) {
		return &smallNumbers[i-leastSmall]
	}
	if n.block == nil || n.used >= numbersEach {
		n.block, n.used = new([numbersEach]float64), 0
	}
	p := &n.block[n.used]
	n.used++
	*p = x
	return p
}

// set stores a number in a register or another place on the heap.
func (n *numbers) set(to *lua.LValue, x float64) {
	p := n.place(x)
	v := (*value)(unsafe.Pointer(to))
	v.itab, v.data = numberItab, unsafe.Pointer(p)
}

// modulo is Lua 5.1's %. The conversion keeps the compiler from fusing the
// operations, which would change the result on some processors.
func modulo(x, y float64) float64 { return x - float64(math.Floor(x/y)*y) }
