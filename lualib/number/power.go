package number

import "math"

// pair is a number with twice the precision: the sum of both.
type pair struct{ high, low float64 }

// Power returns x^y as C's pow does: the result is rounded once. Go's math.Pow is off by
// several units in the last place, so that 10^-5 would not be 1e-5.
func Power(x, y float64) float64 {
	whole := y == math.Trunc(y)
	switch {
	case y == 2:
		return x * x
	case y == 1 || y == 0 || x == 1 || x == 0 || y == 0.5 || x-x != 0 || y-y != 0:
		return math.Pow(x, y) // exact, or a special case
	case whole && math.Abs(y) <= mostMultiplied:
		if z, ok := wholePower(x, int(y)); ok {
			return z
		}
	}
	if x > smallestPrecise && x < largestPrecise {
		if exponent := logarithm(x).times(pair{y, 0}); math.Abs(exponent.high) < largestExponent {
			return exponential(exponent)
		}
	}
	return math.Pow(x, y)
}

const (
	mostMultiplied = 1 << 10 // by then the errors of the pairs are still far behind the last digit

	// Outside of these, half of a pair is not precise.
	smallestPrecise = 1e-290
	largestPrecise  = 4e307
	largestExponent = 700 // of e
)

// wholePower multiplies. It fails if something on the way is too large or too small.
func wholePower(x float64, n int) (z float64, ok bool) {
	result, factor := pair{1, 0}, pair{x, 0}
	for left := max(n, -n); left > 0; left >>= 1 {
		if left&1 != 0 {
			result = result.times(factor)
		}
		if left > 1 {
			factor = factor.times(factor)
		}
		if size := math.Abs(factor.high); !(size > smallestPrecise && size < largestPrecise) {
			return 0, false
		}
	}
	if size := math.Abs(result.high); !(size > smallestPrecise && size < largestPrecise) {
		return 0, false
	}
	if n < 0 {
		inverse := 1 / result.high
		wrong := math.FMA(-inverse, result.high, 1) - inverse*result.low
		return inverse + inverse*wrong, true
	}
	return result.high + result.low, true
}

// sum adds two numbers, of which a is the larger one.
func sum(a, b float64) pair {
	high := a + b
	return pair{high, b - (high - a)}
}

func (p pair) plus(q pair) pair {
	high := p.high + q.high
	part := high - p.high
	low := (p.high - (high - part)) + (q.high - part)
	return sum(high, low+p.low+q.low)
}

func (p pair) times(q pair) pair {
	high := p.high * q.high
	return sum(high, math.FMA(p.high, q.high, -high)+(p.high*q.low+p.low*q.high))
}

var ln2 = pair{0.6931471805599453, 2.3190468138462996e-17}

// logarithm returns ln x: math.Log's, and what is missing there.
func logarithm(x float64) pair {
	fraction, exponent := math.Frexp(x)
	if fraction < math.Sqrt2/2 {
		fraction, exponent = 2*fraction, exponent-1
	}
	rough := math.Log(fraction)
	quotient := series(pair{-rough, 0}).times(pair{fraction, 0}) // nearly 1
	missing := quotient.high - 1 + quotient.low
	return pair{float64(exponent), 0}.times(ln2).plus(sum(rough, missing-missing*missing/2))
}

// exponential returns e^p.
func exponential(p pair) float64 {
	twos := math.Round(p.high / ln2.high)
	rest := p.plus(pair{-twos, 0}.times(ln2))
	result := series(rest)
	return math.Ldexp(result.high+result.low, int(twos))
}

// inverses are 1/n.
var inverses = func() (list [12]pair) {
	for n := 1; n < len(list); n++ {
		high := 1 / float64(n)
		list[n] = pair{high, math.FMA(-high, float64(n), 1) / float64(n)}
	}
	return list
}()

// series returns e^p for a p near 0, by its power series.
func series(p pair) pair {
	const (
		halvings = 6
		precise  = 5 // the terms behind these are small
	)
	p.high, p.low = math.Ldexp(p.high, -halvings), math.Ldexp(p.low, -halvings)
	rest := 1.0
	for n := len(inverses) - 1; n > precise; n-- {
		rest = 1 + rest*p.high*inverses[n].high
	}
	result := pair{rest, 0}
	for n := precise; n >= 1; n-- {
		product := result.times(p).times(inverses[n])
		result = sum(1, product.high)
		result = sum(result.high, result.low+product.low)
	}
	for range halvings {
		result = result.times(result)
	}
	return result
}
