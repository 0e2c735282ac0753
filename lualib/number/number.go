// Package number converts between Lua's numbers and strings as the C library does:
// strtod and printf's %.14g.
package number

import (
	"math"
	"strconv"
	"strings"
)

// Spaces are the blanks that C skips around a number.
const Spaces = " \t\n\v\f\r"

// Format returns the number as %.14g prints it.
func Format(x float64) string {
	switch {
	case math.Abs(x) < 1e14 && x == math.Trunc(x) && (x != 0 || !math.Signbit(x)):
		return strconv.FormatInt(int64(x), 10)
	case math.IsInf(x, 0) || math.IsNaN(x):
		return NotFinite(x)
	}
	return strconv.FormatFloat(x, 'g', 14, 64)
}

// NotFinite prints an infinity or a NaN, with its sign: 0/0 is -nan on x86.
func NotFinite(x float64) string {
	text := "inf"
	if math.IsNaN(x) {
		text = "nan"
	}
	if math.Signbit(x) {
		return "-" + text
	}
	return text
}

// Parse reads a whole string as strtod does: with blanks around it, decimal or
// hexadecimal, inf and nan. As in C, it ends at a zero byte.
func Parse(s string) (float64, bool) {
	s, _, _ = strings.Cut(s, "\x00")
	s = strings.Trim(s, Spaces)
	if x, ok := parseNaN(s); ok {
		return x, true
	}
	// Only Go allows underscores, and requires an exponent after a hexadecimal
	// fraction.
	if strings.ContainsRune(s, '_') {
		return 0, false
	}
	if IsHex(s) && !strings.ContainsAny(s, "pP") {
		s += "p0"
	}
	x, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(x, 0) {
		return 0, false
	}
	return x, true
}

// parseNaN reads what is not a number: nan or nan(...), with a sign, in any case. Go has
// only nan.
func parseNaN(s string) (x float64, ok bool) {
	unsigned, negative := strings.CutPrefix(s, "-")
	if !negative {
		unsigned = strings.TrimPrefix(s, "+")
	}
	if len(unsigned) < 3 || !strings.EqualFold(unsigned[:3], "nan") {
		return 0, false
	}
	if payload := unsigned[3:]; payload != "" {
		inner, opened := strings.CutPrefix(payload, "(")
		inner, closed := strings.CutSuffix(inner, ")")
		if !opened || !closed || strings.ContainsFunc(inner, notInName) {
			return 0, false
		}
	}
	sign := 1.0
	if negative {
		sign = -1
	}
	return math.Copysign(math.NaN(), sign), true
}

// notInName reports whether a character is not a letter, a digit or _.
func notInName(r rune) bool {
	return r != '_' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z')
}

// IsHex reports whether a string starts like a hexadecimal number.
func IsHex(s string) bool {
	s = strings.TrimLeft(s, "+-")
	return len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x'
}
