package stdlib

import (
	"math"
	"math/rand/v2"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/number"
)

// The math library.

const radiansPerDegree = math.Pi / 180

var unaryMath = map[string]func(float64) float64{
	"abs":   math.Abs,
	"acos":  math.Acos,
	"asin":  math.Asin,
	"atan":  math.Atan,
	"ceil":  math.Ceil,
	"cos":   math.Cos,
	"cosh":  math.Cosh,
	"deg":   func(x float64) float64 { return x / radiansPerDegree },
	"exp":   math.Exp,
	"floor": math.Floor,
	"log":   math.Log,
	"log10": log10,
	"rad":   func(x float64) float64 { return x * radiansPerDegree },
	"sin":   math.Sin,
	"sinh":  math.Sinh,
	"sqrt":  math.Sqrt,
	"tan":   math.Tan,
	"tanh":  math.Tanh,
}

var binaryMath = map[string]func(x, y float64) float64{
	"atan2": math.Atan2,
	"fmod":  math.Mod,
	"pow":   number.Power,
}

func (lib *library) openMath(L *lua.LState) {
	// The reference starts with the same seed every time.
	lib.random = newRandom(1)

	module := L.GetGlobal("math").(*lua.LTable)
	for name, f := range unaryMath {
		call := func(a args) int {
			x := a.number(1)
			return a.pushNumber(withSign(name, f(x), x, x))
		}
		module.RawSetString(name, function{name, call}.bind(L))
	}
	for name, f := range binaryMath {
		call := func(a args) int {
			x, y := a.number(1), a.number(2)
			return a.pushNumber(withSign(name, f(x, y), x, y))
		}
		module.RawSetString(name, function{name, call}.bind(L))
	}
	setFunctions(L, module, []function{
		{"frexp", mathFrexp},
		{"ldexp", mathLdexp},
		{"max", mathMax},
		{"min", mathMin},
		{"modf", mathModf},
		{"random", lib.mathRandom},
		{"randomseed", lib.mathRandomSeed},
	})
	module.RawSetString("mod", module.RawGetString("fmod"))
	module.RawSetString("huge", lua.LNumber(math.Inf(1)))
}

// withSign gives a result that is not a number the sign that it has in C on x86: of the
// argument that is not a number, or else minus, except from three functions.
func withSign(name string, result, x, y float64) float64 {
	switch {
	case result == result || name == "abs":
		return result
	case x != x:
		return x
	case y != y:
		return y
	case name == "acos" || name == "asin" || name == "log10":
		return math.Abs(result)
	}
	return math.Copysign(result, -1)
}

// log10 is exact for powers of ten; Go's is not.
func log10(x float64) float64 {
	y := math.Log10(x)
	if n := math.Round(y); math.Pow10(int(n)) == x {
		return n
	}
	return y
}

func mathFrexp(a args) int {
	fraction, exponent := math.Frexp(a.number(1))
	a.pushNumber(fraction)
	a.pushNumber(float64(exponent))
	return 2
}

func mathLdexp(a args) int {
	// Larger exponents give 0 or infinity for every number, and Go would overflow
	// when it adds to them.
	exponent := max(min(a.integer(2), 5000), -5000)
	return a.pushNumber(math.Ldexp(a.number(1), exponent))
}

func mathMax(a args) int {
	largest := a.number(1)
	for i := 2; i <= a.top(); i++ {
		if x := a.number(i); x > largest {
			largest = x
		}
	}
	return a.pushNumber(largest)
}

func mathMin(a args) int {
	smallest := a.number(1)
	for i := 2; i <= a.top(); i++ {
		if x := a.number(i); x < smallest {
			smallest = x
		}
	}
	return a.pushNumber(smallest)
}

func mathModf(a args) int {
	x := a.number(1)
	whole := math.Trunc(x)
	fraction := math.Copysign(0, x)
	if !math.IsInf(x, 0) {
		fraction = math.Copysign(x-whole, x)
	}
	a.pushNumber(whole)
	a.pushNumber(fraction)
	return 2
}

func newRandom(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

func (lib *library) mathRandomSeed(a args) int {
	lib.random = newRandom(uint64(a.integer(1)))
	return 0
}

func (lib *library) mathRandom(a args) int {
	x := lib.random.Float64()
	low, high := 1, 1
	switch a.top() {
	case 0:
		return a.pushNumber(x)
	case 1:
		high = a.integer(1)
	case 2:
		low, high = a.integer(1), a.integer(2)
	default:
		a.fail("wrong number of arguments")
	}
	if low > high {
		a.reject(a.top(), "interval is empty")
	}
	return a.pushNumber(math.Floor(x*(float64(high)-float64(low)+1)) + float64(low))
}
