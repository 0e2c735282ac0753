package show

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"avescript/core/printable"
)

// The looks of what is shown, as the parameters of the escape sequence that begins them.
// Strings, numbers and keywords look as they do while they are typed.
const (
	stringStyle  = "32"
	numberStyle  = "36"
	keywordStyle = "35"
	keyStyle     = "94"
	nameStyle    = "1"
	faintStyle   = "90" // text that is not part of the value
	errorStyle   = "1;31"
)

func (p *Printer) styled(style, text string) string {
	if !p.Color || text == "" {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

// width is how many columns a text takes that may have styles.
func width(text string) int { return ansi.StringWidth(text) }

// clip cuts a line that is longer than so many columns.
func (s *sheet) clip(line string, columns int) string {
	if s.Whole || width(line) <= columns {
		return line
	}
	s.cut = true
	return ansi.Truncate(line, columns, "…")
}

// line is the beginning of a foreign text, on one line.
func (s *sheet) line(text string) string {
	const most = 8 // bytes for each column: some characters take none
	line := printable.Line(text)
	if n := most * s.innerText(); len(line) > n && !s.Whole {
		s.cut = true
		line = head(line, n) + "…"
	}
	return s.clip(line, s.innerText())
}

// head are the first n bytes of a longer text, without the part of a character at their end.
func head(text string, n int) string {
	for i := n; i > n-utf8.UTFMax && i > 0; i-- {
		if utf8.RuneStart(text[i]) {
			return text[:i]
		}
	}
	return text[:n]
}

// pad fills a text with blanks, in front of it for numbers.
func pad(text string, columns int, right bool) string {
	blanks := strings.Repeat(" ", max(columns-width(text), 0))
	if right {
		return blanks + text
	}
	return text + blanks
}
