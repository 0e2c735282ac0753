package show

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// text shows a string in quotes. A string that does not fit the columns is cut, and its
// length is shown.
func (s *sheet) text(text string, columns int) string {
	if s.Whole {
		columns = -1
	}
	quoted, rest := quote(text, columns)
	if rest == "" {
		return s.styled(stringStyle, quoted)
	}
	s.cut = true
	return s.styled(stringStyle, quoted) + s.styled(faintStyle, fmt.Sprintf("… (%d bytes)", len(text)))
}

// quote writes a string as Lua reads it. Bytes that are not printable UTF-8 become decimal
// escapes. It writes at most so many columns, or without limit if that is negative, and
// returns the rest of the string.
func quote(text string, columns int) (quoted, rest string) {
	var b strings.Builder
	b.WriteByte('"')
	taken := 0
	for text != "" {
		r, size := utf8.DecodeRuneInString(text)
		piece, wide := text[:size], 1
		switch {
		case r == '"' || r == '\\':
			piece = `\` + piece
		case r == '\n':
			piece = `\n`
		case r == '\t':
			piece = `\t`
		case r == '\r':
			piece = `\r`
		case r == utf8.RuneError && size == 1 || !unicode.IsPrint(r):
			piece = ""
			for _, c := range []byte(text[:size]) {
				piece += fmt.Sprintf(`\%03d`, c)
			}
		case size > 1:
			wide = max(width(piece), 1) // without an end there could be accents
		}
		taken += max(len(piece)-size, 0) + wide
		if columns >= 0 && taken > columns {
			break
		}
		b.WriteString(piece)
		text = text[size:]
	}
	b.WriteByte('"')
	return b.String(), text
}
