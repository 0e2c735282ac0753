package codec

import "avescript/core/rpcjson"

// The memory that decoded values take, in bytes, as gopher-lua's tables and Go's
// maps and allocator use it. A test compares it with measurements.
const (
	weightSlot   = 64 // an entry of a list, including the decoder's copy
	weightTable  = 96
	weightNumber = 8
	weightBig    = 96 // a number that is stored as digits
	weightString = 24 // without its characters

	// A table with fields has two maps. Small ones have room for 8 fields, the next
	// for 14; from then on it doubles.
	weightSmall = 624
	roomSmall   = 8
	weightNext  = 1440
	roomNext    = 14
	weightField = 26 // in addition, with the name as a string

	// shortNumber is the length up to which a Lua number can certainly hold a
	// number.
	shortNumber = 15
)

// Weigh estimates the memory, in bytes, that a valid JSON text will take when it is
// decoded. It takes almost no memory itself.
func Weigh(text []byte) (weight int) {
	var fields []int // of the open objects; negative for a list
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			from := i
			for i += 1 + rpcjson.Plain(text[i+1:]); i < len(text) && text[i] != '"'; i += 1 + rpcjson.Plain(text[i+1:]) {
				if text[i] == '\\' && i+1 < len(text) {
					i++
				}
			}
			weight += weightString + i - from
		case c == '[' || c == '{':
			weight += weightTable
			if c == '[' {
				fields = append(fields, -1)
				weight += weightSlot // one more than there are commas
			} else {
				fields = append(fields, 0)
			}
		case c == ',' && len(fields) > 0 && fields[len(fields)-1] < 0:
			weight += weightSlot
		case c == ':' && len(fields) > 0:
			fields[len(fields)-1]++
		case c == ']' || c == '}':
			if n := len(fields) - 1; n >= 0 {
				weight += weightOfFields(fields[n])
				fields = fields[:n]
			}
		case c == '-' || isDigit(c):
			from := i
			for i+1 < len(text) && isNumeric(text[i+1]) {
				i++
			}
			weight += weightNumber
			if length := i + 1 - from; length > shortNumber {
				weight += weightBig + length
			}
		}
	}
	return weight
}

func weightOfFields(n int) int {
	if n <= 0 {
		return 0
	}
	weight, room := weightSmall, roomSmall
	if n > room {
		weight, room = weightNext, roomNext
	}
	for ; n > room; room *= 2 {
		weight *= 2
	}
	return weight + n*weightField
}

func isNumeric(c byte) bool {
	return isDigit(c) || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E'
}
