// Package printable makes text from others safe to print.
//
// A terminal obeys what it receives: a message of a remote program could clear the
// screen, set its title, or hide the text that follows. A line feed could forge a line
// that looks like one of ours. Characters that are not just shown are written as
// escapes, as in strings of Lua and Go: \x1b, \u202e. All other text stays the same,
// including backslashes.
//
// Messages themselves are kept unchanged, because programs compare them. This package
// is used where they are printed.
package printable

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Indent is put before the second and following lines in a report or a log, so that
// none of them looks like the beginning of an entry.
const Indent = "    "

// Line is text on one line.
func Line(text string) string {
	if isPlain(text) {
		return text
	}
	return escaped(text, func(r rune) string {
		switch r {
		case '\n':
			return `\n`
		case '\r':
			return `\r`
		case '\t':
			return `\t`
		}
		return escape(r)
	})
}

// Lines is text with its lines, and indent before all of them except the first. A line
// may end with CR LF; tabs stay. JSON keeps its meaning: escapes only occur in its
// strings, where JSON has the same ones.
func Lines(text, indent string) string {
	if isPlain(text) {
		return text
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return escaped(text, func(r rune) string {
		switch r {
		case '\n':
			return "\n" + indent
		case '\t':
			return "\t"
		}
		return escape(r)
	})
}

// isPlain reports whether there is nothing to escape.
func isPlain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] >= 0x7f {
			return false
		}
	}
	return true
}

// isHarmful reports whether a character does something instead of being shown: control
// characters, line ends, and characters that change the direction of writing, so that
// text looks different from what it is.
func isHarmful(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
}

func escape(r rune) string {
	if r < ' ' {
		return fmt.Sprintf(`\x%02x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// escaped replaces harmful characters by the result of escape, and bytes that are not
// UTF-8 by hexadecimal escapes.
func escaped(text string, escape func(rune) string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case isHarmful(r):
			b.WriteString(escape(r))
		default:
			b.WriteString(text[i : i+size])
		}
		i += size
	}
	return b.String()
}
