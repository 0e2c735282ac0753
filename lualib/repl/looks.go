package repl

import (
	"strings"

	"avescript/core/editor"
)

// How code looks while it is typed: its colours, the brackets that belong together, and
// how it is indented.

var colors = [...]editor.Style{keyword: "35", text: "32", number: "36", comment: "90"}

const (
	bracketStyle  editor.Style = "1;4"
	unfitStyle    editor.Style = "31"
	indentForward              = "\t"
)

// highlight gives the styles of a source. Brackets beside the cursor are marked even
// where there are no colours.
func highlight(source string, at int, color bool) (spans []editor.Span) {
	tokens := scan(source)
	for _, t := range tokens {
		if style := colors[t.kind]; style != "" && color {
			spans = append(spans, editor.Span{From: t.from, To: t.to, Style: style})
		}
	}
	partners, alone := matchBrackets(tokens)
	for i, t := range tokens {
		partner, matched := partners[i]
		switch {
		case matched && (t.from == at || t.to == at):
			other := tokens[partner]
			spans = append(spans,
				editor.Span{From: t.from, To: t.to, Style: bracketStyle},
				editor.Span{From: other.from, To: other.to, Style: bracketStyle})
			at = -1 // one pair is enough
		case alone[i] && color:
			spans = append(spans, editor.Span{From: t.from, To: t.to, Style: unfitStyle})
		}
	}
	return spans
}

// matchBrackets finds the pairs of brackets, and closing brackets without an opening one.
func matchBrackets(tokens []token) (partners map[int]int, alone map[int]bool) {
	partners, alone = map[int]int{}, map[int]bool{}
	var open []int
	for i, t := range tokens {
		if t.kind != symbol {
			continue
		}
		switch t.raw {
		case "(", "[", "{":
			open = append(open, i)
		case ")", "]", "}":
			n := len(open)
			if n == 0 || !fit(tokens[open[n-1]].raw, t.raw) {
				alone[i] = true
				continue
			}
			partners[i], partners[open[n-1]] = open[n-1], i
			open = open[:n-1]
		}
	}
	return partners, alone
}

func fit(open, closed string) bool {
	return open == "(" && closed == ")" || open == "[" && closed == "]" || open == "{" && closed == "}"
}

// indent is the white space in front of a new line: one step for each line above that has
// an open block or bracket.
func indent(before, line string) string {
	tokens := scan(before)
	if n := len(tokens); n > 0 && tokens[n-1].open {
		return ""
	}
	lines := openLinesOf(tokens)
	for _, t := range scan(line) {
		if !closes(t) {
			break
		}
		if len(lines) > 0 {
			lines = lines[:len(lines)-1]
		}
	}
	steps := 0
	for i, n := range lines {
		if i == 0 || n != lines[i-1] {
			steps++
		}
	}
	return strings.Repeat(indentForward, steps)
}

// openLinesOf are the lines of the blocks and brackets that are open at the end.
func openLinesOf(tokens []token) (lines []int) {
	for _, t := range tokens {
		if closes(t) && len(lines) > 0 {
			lines = lines[:len(lines)-1]
		}
		if opens(t) {
			lines = append(lines, t.line)
		}
	}
	return lines
}

func opens(t token) bool {
	switch t.kind {
	case keyword:
		switch t.raw {
		case "do", "then", "else", "repeat", "function":
			return true
		}
	case symbol:
		return t.raw == "(" || t.raw == "[" || t.raw == "{"
	}
	return false
}

func closes(t token) bool {
	switch t.kind {
	case keyword:
		switch t.raw {
		case "end", "else", "elseif", "until":
			return true
		}
	case symbol:
		return t.raw == ")" || t.raw == "]" || t.raw == "}"
	}
	return false
}
