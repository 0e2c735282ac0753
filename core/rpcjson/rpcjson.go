// Package rpcjson reads JSON as used in calls and answers: JSON according to RFC 8259,
// and the words NaN, Infinity and -Infinity as numbers, which Python's json module
// writes and reads.
package rpcjson

import (
	"bytes"
	"encoding/json"
	"slices"
)

// words are numbers that JSON lacks, each with a JSON number of the same length.
var words = [][2]string{
	{"NaN", "111"},
	{"Infinity", "11111111"},
	{"-Infinity", "-11111111"},
}

// standard replaces each of the words by a JSON number. Everything else stays in its
// place, so offsets do not change.
func standard(text []byte) []byte {
	if !bytes.Contains(text, []byte(words[0][0])) && !bytes.Contains(text, []byte(words[1][0])) {
		return text
	}
	result := text
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = stringEnd(text, i)
		case 'N', 'I', '-':
			for _, w := range words {
				if !isValue(text, i, w[0]) {
					continue
				}
				if &result[0] == &text[0] {
					result = slices.Clone(text)
				}
				i += copy(result[i:], w[1]) - 1
				break
			}
		}
	}
	return result
}

// isValue reports whether word is at i, and not a part of something else.
func isValue(text []byte, i int, word string) bool {
	end := i + len(word)
	return bytes.HasPrefix(text[i:], []byte(word)) &&
		(i == 0 || bytes.IndexByte([]byte(" \t\r\n[,:"), text[i-1]) >= 0) &&
		(end == len(text) || bytes.IndexByte([]byte(" \t\r\n],}"), text[end]) >= 0)
}

// stringEnd is the position of the closing quote of the string that begins at i, or of
// the last byte of text if there is none.
func stringEnd(text []byte, i int) int {
	for i++; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(text) - 1
}

// Valid reports whether text is one value.
func Valid(text []byte) bool { return json.Valid(standard(text)) }

// Indent formats text, which is one value, with one value per line and two spaces for
// each level.
func Indent(text []byte) []byte {
	var out []byte
	depth := 0
	line := func() { out = append(append(out, '\n'), bytes.Repeat([]byte("  "), depth)...) }
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case ' ', '\t', '\r', '\n':
		case '{', '[':
			out = append(out, c)
			depth++
			if rest := bytes.TrimLeft(text[i+1:], " \t\r\n"); len(rest) > 0 && rest[0] != '}' && rest[0] != ']' {
				line()
			}
		case '}', ']':
			depth--
			if last := out[len(out)-1]; last != '{' && last != '[' {
				line()
			}
			out = append(out, c)
		case ',':
			out = append(out, c)
			line()
		case ':':
			out = append(out, ": "...)
		case '"':
			end := stringEnd(text, i)
			out = append(out, text[i:end+1]...)
			i = end
		default:
			out = append(out, c)
		}
	}
	return out
}
