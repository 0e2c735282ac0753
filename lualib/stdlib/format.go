package stdlib

import (
	"math"
	"strconv"
	"strings"

	"avescript/lualib/number"
)

// string.format, and the conversions of C's printf that it is made of.

// spec is one conversion: %[flags][width][.precision]verb.
type spec struct {
	minus, plus, space, alternate, zero bool

	width     int
	precision int // -1 if there is none
	verb      byte
}

func stringFormat(a args) int {
	format := a.string(1)
	out := newText(a.L)
	arg := 1
	for i := 0; i < len(format); {
		if literal := strings.IndexByte(format[i:], '%'); literal != 0 {
			if literal < 0 {
				literal = len(format) - i
			}
			out.add(format[i : i+literal])
			i += literal
			continue
		}
		i++
		if strings.HasPrefix(format[i:], "%") {
			out.addByte('%')
			i++
			continue
		}
		arg++
		if arg > a.top() {
			a.reject(arg, "no value")
		}
		var sp spec
		sp, i = a.parseSpec(format, i)
		a.formatArgument(out, sp, arg)
	}
	return a.pushString(out.String())
}

// parseSpec reads the conversion after the '%' before i, and also returns the
// position after it.
func (a args) parseSpec(format string, i int) (spec, int) {
	flags := format[i : len(format)-len(strings.TrimLeft(format[i:], "-+ #0"))]
	if len(flags) > len("-+ #0") {
		a.fail("invalid format (repeated flags)")
	}
	i += len(flags)
	sp := spec{
		minus:     strings.Contains(flags, "-"),
		plus:      strings.Contains(flags, "+"),
		space:     strings.Contains(flags, " "),
		alternate: strings.Contains(flags, "#"),
		zero:      strings.Contains(flags, "0"),
		precision: -1,
	}
	sp.width, i = twoDigits(format, i)
	if i < len(format) && format[i] == '.' {
		sp.precision, i = twoDigits(format, i+1)
	}
	if i < len(format) && isDigit(format[i]) {
		a.fail("invalid format (width or precision too long)")
	}
	if i < len(format) {
		sp.verb = format[i]
		i++
	}
	return sp, i
}

func twoDigits(s string, i int) (value, after int) {
	for end := i + 2; i < end && i < len(s) && isDigit(s[i]); i++ {
		value = value*10 + int(s[i]-'0')
	}
	return value, i
}

func (a args) formatArgument(out *text, sp spec, n int) {
	switch sp.verb {
	case 'q':
		a.quote(out, a.string(n))
	case 's':
		out.add(sp.text(a.string(n)))
	default:
		out.add(a.formatNumber(sp, n))
	}
}

func (a args) formatNumber(sp spec, n int) string {
	switch sp.verb {
	case 'c':
		sp.zero = false
		return sp.pad("", string([]byte{byte(a.integer(n))}))
	case 'd', 'i':
		return sp.signed(truncate(a.number(n)))
	case 'o', 'u', 'x', 'X':
		return sp.unsigned(truncateUnsigned(a.number(n)))
	case 'e', 'E', 'f', 'g', 'G':
		return sp.float(a.number(n))
	}
	verb := ""
	if sp.verb != 0 {
		verb = string([]byte{sp.verb})
	}
	a.fail("invalid option '%%%s' to 'format'", verb)
	return ""
}

// truncateUnsigned returns the integer part of x as 64 bits, negative numbers in
// two's complement.
func truncateUnsigned(x float64) uint64 {
	if x >= 1<<63 && x < 1<<64 {
		return uint64(x)
	}
	return uint64(truncate(x))
}

// pad fills the conversion up to its width: with blanks, or with zeros between
// the sign or prefix and the digits.
func (sp spec) pad(prefix, digits string) string {
	missing := sp.width - len(prefix) - len(digits)
	switch {
	case missing <= 0:
		return prefix + digits
	case sp.minus:
		return prefix + digits + strings.Repeat(" ", missing)
	case sp.zero:
		return prefix + strings.Repeat("0", missing) + digits
	}
	return strings.Repeat(" ", missing) + prefix + digits
}

func (sp spec) text(s string) string {
	if sp.precision >= 0 && sp.precision < len(s) {
		s = s[:sp.precision]
	}
	sp.zero = false
	return sp.pad("", s)
}

func (sp spec) signed(n int) string {
	magnitude := uint64(n)
	if n < 0 {
		magnitude = -magnitude
	}
	return sp.integer(sp.sign(n < 0), strconv.FormatUint(magnitude, 10))
}

func (sp spec) unsigned(n uint64) string {
	base := map[byte]int{'o': 8, 'u': 10, 'x': 16, 'X': 16}[sp.verb]
	digits := strconv.FormatUint(n, base)
	prefix := ""
	if sp.alternate {
		switch {
		case sp.verb == 'o':
			// The prefix of an octal number is its first digit.
			if n == 0 && sp.precision == 0 {
				return sp.pad("", "0")
			}
			if n != 0 && sp.precision <= len(digits) {
				digits = "0" + digits
			}
		case base == 16 && n != 0:
			prefix = "0x"
		}
	}
	text := sp.integer(prefix, digits)
	if sp.verb == 'X' {
		return strings.ToUpper(text)
	}
	return text
}

// integer applies the precision: for integers it is the smallest number of digits,
// and switches the flag 0 off.
func (sp spec) integer(prefix, digits string) string {
	if sp.precision >= 0 {
		sp.zero = false
		if digits == "0" {
			digits = ""
		}
		digits = strings.Repeat("0", max(sp.precision-len(digits), 0)) + digits
	}
	return sp.pad(prefix, digits)
}

func (sp spec) sign(negative bool) string {
	switch {
	case negative:
		return "-"
	case sp.plus:
		return "+"
	case sp.space:
		return " "
	}
	return ""
}

func (sp spec) float(x float64) string {
	sign := sp.sign(math.Signbit(x))
	x = math.Copysign(x, 1)
	var digits string
	if math.IsInf(x, 0) || math.IsNaN(x) {
		sp.zero = false
		digits = number.NotFinite(x)
	} else {
		digits = sp.magnitude(x)
	}
	if sp.verb == 'E' || sp.verb == 'G' {
		digits = strings.ToUpper(digits)
	}
	return sp.pad(sign, digits)
}

// magnitude formats the finite, positive x by verb and precision.
func (sp spec) magnitude(x float64) string {
	precision := sp.precision
	if precision < 0 {
		precision = 6
	}
	switch sp.verb {
	case 'f':
		return sp.withPoint(strconv.FormatFloat(x, 'f', precision, 64))
	case 'e', 'E':
		return sp.withPoint(strconv.FormatFloat(x, 'e', precision, 64))
	}

	precision = max(precision, 1)
	text := strconv.FormatFloat(x, 'e', precision-1, 64)
	_, exponentText, _ := strings.Cut(text, "e")
	// The text is from FormatFloat, so it has an exponent.
	exponent, _ := strconv.Atoi(exponentText)
	if -4 <= exponent && exponent < precision {
		text = strconv.FormatFloat(x, 'f', precision-1-exponent, 64)
	}
	if sp.alternate {
		return sp.withPoint(text)
	}
	return withoutTrailingZeros(text)
}

// withPoint adds the decimal point that the flag # requires, even if no digits
// follow.
func (sp spec) withPoint(text string) string {
	if !sp.alternate || strings.Contains(text, ".") {
		return text
	}
	mantissa, exponent, found := strings.Cut(text, "e")
	if !found {
		return mantissa + "."
	}
	return mantissa + ".e" + exponent
}

func withoutTrailingZeros(text string) string {
	mantissa, exponent, found := strings.Cut(text, "e")
	if strings.Contains(mantissa, ".") {
		mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
	}
	if !found {
		return mantissa
	}
	return mantissa + "e" + exponent
}

var quoter = strings.NewReplacer(`"`, `\"`, `\`, `\\`, "\n", "\\\n", "\r", `\r`, "\x00", `\000`)

// quote adds a string as %q has it.
func (a args) quote(out *text, s string) {
	out.addByte('"')
	for ; len(s) > pieceSize; s = s[pieceSize:] {
		out.add(quoter.Replace(s[:pieceSize]))
	}
	out.add(quoter.Replace(s))
	out.addByte('"')
}

// Quote writes a string so that Lua can read it.
func Quote(s string) string { return `"` + quoter.Replace(s) + `"` }
