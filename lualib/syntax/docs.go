package syntax

// What the comments in a source say about its functions.

import (
	"slices"
	"strings"
)

// Docs returns the documentation of functions, by the line of their word
// "function": the comment lines directly above the statement, or the field of a
// table, that contains the function. Annotations for editors, such as "---@param",
// and long comments are left out. Of several functions on a line, the first counts.
// The source must compile.
func Docs(source []byte) map[int]string {
	lx := newLexer(source)
	lx.comments = map[int]string{}
	for lx.next() {
	}
	docs := map[int]string{}
	var open []opened
	begins := []int{0} // the start of the current statement or field, for the chunk and for each of open
	for i, t := range lx.tokens {
		if i > 0 && isBeginning(open, lx.tokens[i-1], t) {
			begins[len(begins)-1] = i
		}
		if t.kind == keyword && t.raw == "function" {
			if _, known := docs[t.line]; !known {
				docs[t.line] = lx.docAbove(begins[len(begins)-1])
			}
		}
		open = stillOpen(open, t)
		if len(open) >= len(begins) {
			begins = append(begins, begins[len(begins)-1])
		}
		begins = begins[:len(open)+1]
	}
	return docs
}

// isBeginning reports whether a statement, or a field of a table, begins with t.
func isBeginning(open []opened, previous, t token) bool {
	if len(open) > 0 {
		switch open[len(open)-1].raw {
		case "(", "[":
			return false
		case "{":
			return previous.raw == "{" || previous.raw == "," || previous.raw == ";"
		}
	}
	if startsStatement(previous) {
		return previous.raw != "return"
	}
	return endsExpression(previous) && (t.kind == ident || t.kind == keyword && beginners[t.raw])
}

var beginners = map[string]bool{
	"break": true, "do": true, "for": true, "function": true, "if": true,
	"local": true, "repeat": true, "return": true, "while": true,
}

// docAbove returns the text of the comment lines between the token at index i and
// the one before it.
func (lx *lexer) docAbove(i int) string {
	top := 0
	if i > 0 {
		top = lx.tokens[i-1].line
	}
	var lines []string
	for line := lx.tokens[i].line - 1; line > top; line-- {
		comment, ok := lx.comments[line]
		if !ok {
			break
		}
		text := strings.TrimPrefix(strings.TrimLeft(comment, "-"), " ")
		if !strings.HasPrefix(comment, "---") || !strings.HasPrefix(text, "@") {
			lines = append(lines, strings.TrimRight(text, " \t"))
		}
	}
	slices.Reverse(lines)
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}
