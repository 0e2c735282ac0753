package stdlib

import (
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// Conversions between numbers and strings as the C library makes them: strtod,
// strtoul and printf's %.14g.

const spaces = " \t\n\v\f\r"

func toString(v lua.LValue) (string, bool) {
	switch v := v.(type) {
	case lua.LString:
		return string(v), true
	case lua.LNumber:
		return formatNumber(float64(v)), true
	}
	return "", false
}

func toNumber(v lua.LValue) (float64, bool) {
	switch v := v.(type) {
	case lua.LNumber:
		return float64(v), true
	case lua.LString:
		return parseNumber(string(v))
	}
	return 0, false
}

// formatNumber returns the number as %.14g prints it.
func formatNumber(x float64) string {
	switch {
	case math.Abs(x) < 1e14 && x == math.Trunc(x) && (x != 0 || !math.Signbit(x)):
		return strconv.FormatInt(int64(x), 10)
	case math.IsInf(x, 0) || math.IsNaN(x):
		return notFinite(x)
	}
	return strconv.FormatFloat(x, 'g', 14, 64)
}

// notFinite prints an infinity or a NaN, with its sign: 0/0 is -nan on x86.
func notFinite(x float64) string {
	text := "inf"
	if math.IsNaN(x) {
		text = "nan"
	}
	if math.Signbit(x) {
		return "-" + text
	}
	return text
}

// parseNumber reads a whole string as strtod does: with blanks around it, decimal
// or hexadecimal, inf and nan. As in C, it ends at a zero byte.
func parseNumber(s string) (float64, bool) {
	s, _, _ = strings.Cut(s, "\x00")
	s = strings.Trim(s, spaces)
	// Only Go allows underscores, and requires an exponent after a hexadecimal
	// fraction.
	if strings.ContainsRune(s, '_') {
		return 0, false
	}
	if isHex(s) && !strings.ContainsAny(s, "pP") {
		s += "p0"
	}
	x, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(x, 0) {
		return 0, false
	}
	return x, true
}

func isHex(s string) bool {
	s = strings.TrimLeft(s, "+-")
	return len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x'
}

// parseBase reads a whole string as strtoul does: a number that is too large
// becomes the largest possible one.
func parseBase(s string, base int) (float64, bool) {
	s, _, _ = strings.Cut(s, "\x00")
	s = strings.Trim(s, spaces)
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	if base == 16 && isHex(s) {
		s = s[2:]
	}
	if strings.ContainsAny(s, "+-_") {
		return 0, false
	}
	n, err := strconv.ParseUint(s, base, 64)
	if err != nil && n != math.MaxUint64 {
		return 0, false
	}
	x := float64(n)
	if negative {
		x = -x
	}
	return x, true
}
