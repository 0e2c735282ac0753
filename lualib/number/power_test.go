package number

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"testing"
)

// Powers of ten are what a script writes as a number.
func TestPowerOfTen(t *testing.T) {
	for n := -300; n <= 300; n++ {
		want, _ := strconv.ParseFloat("1e"+strconv.Itoa(n), 64)
		if got := Power(10, float64(n)); got != want {
			t.Errorf("10^%d: got %v, want %v", n, got, want)
		}
	}
}

// Whole powers are compared with exact ones. Others are roots: the power of the result is
// compared, of which a unit in the last place shows the error.
func TestPowerIsRoundedOnce(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		x, n := random.Float64()*20, random.IntN(80)-40
		exact, _ := power(x, n).Float64()
		if got := Power(x, float64(n)); got != exact {
			t.Fatalf("%v^%d: got %v, want %v", x, n, got, exact)
		}
		y := float64(n) + 0.25
		want, _ := new(big.Float).Mul(power(x, n), root4(x)).Float64()
		if got := Power(x, y); got != want {
			t.Fatalf("%v^%v: got %v, want %v", x, y, got, want)
		}
	}
}

const bits = 300

func power(x float64, n int) *big.Float {
	result := big.NewFloat(1).SetPrec(bits)
	for range max(n, -n) {
		result.Mul(result, big.NewFloat(x))
	}
	if n < 0 {
		result.Quo(big.NewFloat(1), result)
	}
	return result
}

func root4(x float64) *big.Float {
	root := new(big.Float).SetPrec(bits).SetFloat64(x)
	return root.Sqrt(root.Sqrt(root))
}

func TestPowerOfSpecialNumbers(t *testing.T) {
	numbers := []float64{0, math.Copysign(0, -1), 1, -1, 0.5, -0.5, 3, -3, 1e300, -1e300, 1e-300, 5e-324, math.Inf(1), math.Inf(-1), math.NaN()}
	for _, x := range numbers {
		for _, y := range numbers {
			got, want := Power(x, y), math.Pow(x, y)
			if math.IsNaN(got) != math.IsNaN(want) || math.Signbit(got) != math.Signbit(want) || math.Abs(got-want) > 1e-15*math.Abs(want) && !math.IsInf(want, 0) {
				t.Errorf("%v^%v: got %v, want %v", x, y, got, want)
			}
		}
	}
}
