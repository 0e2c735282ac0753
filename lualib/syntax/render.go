package syntax

// Writes the tokens as the text that the parser reads.

import (
	"fmt"
	"strings"
)

// rendered is the text for the parser.
type rendered struct {
	text string

	// gotoName replaces the name "goto", which is a keyword to the parser. It is ""
	// if the source does not contain it.
	gotoName string
}

// render writes every token on the line that it has in the source, and stores in
// the tokens where they end in the text: the parser's errors only say that.
func render(tokens []token) rendered {
	out := rendered{gotoName: unusedName(tokens)}
	var sb strings.Builder
	line, column := 1, 0
	for i := range tokens {
		t := &tokens[i]
		if out.gotoName != "" && t.kind == ident && t.raw == "goto" {
			t.text = out.gotoName
		}
		for first := t.line - lineBreaks(t.text); line < first; line++ {
			sb.WriteByte('\n')
			column = 0
		}
		sb.WriteByte(' ')
		sb.WriteString(t.text)
		line = t.line
		if at := strings.LastIndexAny(t.text, "\r\n"); at >= 0 {
			column = len(t.text) - at - 1
		} else {
			column += 1 + len(t.text)
		}
		t.outLine, t.outColumn = line, column
	}
	out.text = sb.String()
	return out
}

// lineBreaks counts the ends of lines in a token; those of two bytes count once.
func lineBreaks(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		if isNewline(s[i]) {
			n++
			if i+1 < len(s) && isNewline(s[i+1]) && s[i] != s[i+1] {
				i++
			}
		}
	}
	return n
}

// unusedName returns a name that is not used in any token, if one of them is
// "goto".
func unusedName(tokens []token) string {
	wanted := false
	for _, t := range tokens {
		wanted = wanted || t.kind == ident && t.raw == "goto"
	}
	if !wanted {
		return ""
	}
	for n := 0; ; n++ {
		name := fmt.Sprintf("goto_%d", n)
		taken := false
		for _, t := range tokens {
			taken = taken || strings.Contains(t.raw, name)
		}
		if !taken {
			return name
		}
	}
}
