package compat

import (
	"math"
	"strconv"
	"strings"
)

// cNumber reads the number at the beginning of a text as C's strtod does, and returns how
// many bytes it has: 0 if there is none.
func cNumber(text string) (value float64, length int) {
	s := &numberScan{text: text}
	s.take("+-")
	negative := strings.HasPrefix(text, "-")
	if word, value := wordNumber(text[s.at:]); word > 0 {
		if negative {
			value = -value
		}
		return value, s.at + word
	}
	digits, exponent := "0123456789", "eE"
	isHex := hasPrefixFold(text[s.at:], "0x") && s.digitsFollow(s.at+2)
	if isHex {
		s.at += 2
		digits, exponent = digits+"abcdefABCDEF", "pP"
	}
	n := s.takeAll(digits)
	if s.take(".") {
		n += s.takeAll(digits)
	}
	if n == 0 {
		return 0, 0
	}
	mantissa, hasExponent := s.at, false
	if s.take(exponent) {
		s.take("+-")
		if hasExponent = s.takeAll("0123456789") > 0; !hasExponent {
			s.at = mantissa
		}
	}
	number := text[:s.at]
	if isHex && !hasExponent {
		number += "p0"
	}
	value, _ = strconv.ParseFloat(number, 64) // out of range is an infinity, as in C
	return value, s.at
}

// wordNumber is an infinity or NaN, and its length in the text.
func wordNumber(text string) (length int, value float64) {
	for _, word := range []string{"infinity", "inf"} {
		if hasPrefixFold(text, word) {
			return len(word), math.Inf(1)
		}
	}
	if hasPrefixFold(text, "nan") {
		return len("nan"), math.NaN()
	}
	return 0, 0
}

type numberScan struct {
	text string
	at   int
}

func (s *numberScan) take(set string) bool {
	if s.at >= len(s.text) || strings.IndexByte(set, s.text[s.at]) < 0 {
		return false
	}
	s.at++
	return true
}

func (s *numberScan) takeAll(set string) (n int) {
	for s.take(set) {
		n++
	}
	return n
}

// digitsFollow reports whether there is a hexadecimal digit at a place, or behind a point.
func (s *numberScan) digitsFollow(at int) bool {
	rest := strings.TrimPrefix(s.text[at:], ".")
	return rest != "" && strings.IndexByte("0123456789abcdefABCDEF", rest[0]) >= 0
}
