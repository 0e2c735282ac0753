package rpcjson

import (
	"encoding/binary"
	"math/bits"
)

const (
	each  = 0x0101010101010101 // 1 in each byte of a word
	highs = 0x80 * each
)

// Plain returns how many bytes at the beginning of text stand for themselves in a JSON
// string: ASCII without quotes, backslashes and control characters. It looks at eight bytes
// at a time.
func Plain(text []byte) int {
	n := 0
	for ; len(text)-n >= 8; n += 8 {
		word := binary.LittleEndian.Uint64(text[n:])
		quote, backslash := word^('"'*each), word^('\\'*each)
		// A byte has its high bit set if it is less than what is subtracted, is equal
		// to the character, or is not ASCII. The lowest one is always right.
		found := ((word - ' '*each) &^ word) | ((quote - each) &^ quote) | ((backslash - each) &^ backslash) | word
		if found &= highs; found != 0 {
			return n + bits.TrailingZeros64(found)/8
		}
	}
	for ; n < len(text); n++ {
		if c := text[n]; c < ' ' || c >= 0x80 || c == '"' || c == '\\' {
			break
		}
	}
	return n
}
