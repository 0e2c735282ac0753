package syntax

import (
	"slices"
	"strings"
)

// docs collects what the comments in a source say about its functions, while it is
// parsed. A nil *docs collects nothing.
type docs struct {
	comments map[int]string
	found    map[int]string
	place    docPlace
	started  bool
}

// docPlace is where a statement, or a field of a table, begins.
type docPlace struct {
	line  int
	after int // the line of what is before it
}

// Docs returns the documentation of functions, by the line that they are defined on:
// the comment lines directly above the statement, or the field of a table, that
// contains the function. Annotations for editors, such as "---@param", and long
// comments are left out. Of several functions on a line, the first counts. The source
// must compile.
func Docs(source []byte) map[int]string {
	p := newParser(source, "")
	p.lexer.comments = map[int]string{}
	p.docs = &docs{comments: p.lexer.comments, found: map[int]string{}}
	found := p.docs.found
	_, _, _ = p.run()
	return found
}

func (d *docs) current() docPlace {
	if d == nil {
		return docPlace{}
	}
	return d.place
}

// begin notes that the current token begins a statement or field, and returns the place
// around it.
func (d *docs) begin(p *parser) (outer docPlace) {
	if d == nil {
		return docPlace{}
	}
	outer, d.place = d.place, docPlace{p.line(), p.lastLine}
	if !d.started {
		d.started, d.place.after = true, 0
	}
	return outer
}

// back returns to the place around a statement or table.
func (d *docs) back(outer docPlace) {
	if d != nil {
		d.place = outer
	}
}

// function notes a function.
func (d *docs) function(line int) {
	if d == nil {
		return
	}
	if _, known := d.found[line]; !known {
		d.found[line] = d.above()
	}
}

// above returns the text of the comment lines above the current place.
func (d *docs) above() string {
	var lines []string
	for line := d.place.line - 1; line > d.place.after; line-- {
		comment, ok := d.comments[line]
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
