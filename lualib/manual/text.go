package manual

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// The looks of texts on a terminal.
const (
	bold  = "1"
	faint = "2"
	cyan  = "36"
)

// narrowest is the smallest width of a text.
const narrowest = 20

// Text returns the entry for a terminal of this width. Without color, code is in
// backquotes.
func (e Entry) Text(width int, color bool) string {
	t := &text{width: width, color: color}
	t.line("", t.styled(bold, e.Signature()))
	t.line("    ", e.kindLine())
	for _, overload := range e.Overloads {
		t.wrapped("    ", "    ", "also "+overload)
	}
	t.doc("", e.Doc)
	t.params("Parameters", e.Params, true)
	t.params("Returns", e.Returns, false)
	if e.Kind == Type || e.Kind == Class && !e.Exported {
		t.params("Fields", e.Fields, false)
	}
	if e.Raises != "" {
		t.heading("Raises")
		t.doc("  ", strings.TrimPrefix(strings.TrimPrefix(e.Raises, "Raises:\n"), "Raises "))
	}
	t.members(e)
	if names := shortNames(e.SeeAlso()); len(names) > 0 {
		t.heading("See also")
		t.wrapped("  ", "  ", strings.Join(names, ", "))
	}
	return t.String()
}

// kindLine says what the entry is.
func (e Entry) kindLine() string {
	parts := []string{string(e.Kind)}
	if e.Module != e.Name {
		parts[0] += " of " + e.Module
	}
	if e.Parent != "" && e.Parent != baseClass {
		parts = append(parts, "child of "+e.Parent)
	}
	if e.Type != "" {
		parts = append(parts, e.Type)
	}
	return strings.Join(parts, ", ")
}

func shortNames(entries []Entry) (names []string) {
	for _, e := range entries {
		names = append(names, e.unique())
	}
	return names
}

// text is a text for a terminal, while it is written.
type text struct {
	strings.Builder
	width int
	color bool
}

func (t *text) styled(style, s string) string {
	if !t.color || s == "" {
		return s
	}
	return "\x1b[" + style + "m" + s + "\x1b[0m"
}

func (t *text) line(indent, s string) { fmt.Fprintln(t, indent+s) }

func (t *text) heading(s string) {
	t.line("", "")
	t.line("", t.styled(bold, s))
}

// doc writes a description, with an empty line before each block except items of a
// list.
func (t *text) doc(indent, doc string) {
	before := item
	for i, b := range blocks(doc) {
		if (i > 0 || indent == "") && (b.kind != item || before != item) {
			t.line("", "")
		}
		before = b.kind
		switch b.kind {
		case paragraph:
			t.wrapped(indent, indent, b.text)
		case item:
			t.wrapped(indent+"* ", indent+"  ", b.text)
		case code:
			for line := range strings.SplitSeq(b.text, "\n") {
				t.line("", strings.TrimRight(indent+"    "+t.styled(cyan, line), " "))
			}
		}
	}
}

// wrapped writes a line of Markdown, wrapped to the width.
func (t *text) wrapped(first, indent, line string) {
	broken := strings.Join(wrap(line, max(t.width, narrowest)-utf8.RuneCountInString(indent)), "\n")
	if t.color {
		var b strings.Builder
		for _, s := range spans(broken) {
			style := map[spanLook]string{codeText: cyan, strongText: bold}[s.look]
			for i, piece := range strings.Split(s.text, "\n") { // a style ends with its line
				if i > 0 {
					b.WriteString("\n")
				}
				if s.look != plainText {
					piece = t.styled(style, piece)
				}
				b.WriteString(piece)
			}
		}
		broken = b.String()
	} else {
		broken = strings.ReplaceAll(broken, "**", "")
	}
	t.line(first, strings.ReplaceAll(broken, "\n", "\n"+indent))
}

// words splits a line into parts that must not be broken: short code is one word.
func words(line string) []string {
	const short, blank = 30, "\x00"
	parts := strings.Split(line, "`")
	for i := range parts {
		if i%2 == 1 && len(parts[i]) <= short {
			parts[i] = strings.ReplaceAll(parts[i], " ", blank)
		}
	}
	list := strings.Fields(strings.Join(parts, "`"))
	for i := range list {
		list[i] = strings.ReplaceAll(list[i], blank, " ")
	}
	return list
}

// wrap breaks a line at blanks. A word that is too long is on a line of its own.
func wrap(line string, width int) []string {
	var lines []string
	length := 0
	for _, word := range words(line) {
		n := utf8.RuneCountInString(word)
		if len(lines) == 0 || length+1+n > width {
			lines, length = append(lines, word), n
			continue
		}
		lines[len(lines)-1] += " " + word
		length += 1 + n
	}
	return lines
}

// params writes parameters; with options, also the fields of tables of options
// among them.
func (t *text) params(title string, list []Param, options bool) {
	if len(list) == 0 {
		return
	}
	t.heading(title)
	for _, p := range list {
		t.param("  ", p)
		if class, ok := theBook().entry(p.Type); options && ok && strings.HasSuffix(p.Type, "Options") {
			for _, field := range class.Fields {
				t.param("    ", field)
			}
		}
	}
}

func (t *text) param(indent string, p Param) {
	name, details := p.Name, p.Type
	if p.Optional {
		name += "?"
	}
	if p.Unit != "" {
		details += " (" + p.Unit + ")"
	}
	head := indent + t.styled(bold, name) + " " + t.styled(faint, details)
	if name == "" {
		head = indent + t.styled(faint, details)
	}
	t.line("", head)
	if p.Text != "" {
		t.wrapped(indent+"    ", indent+"    ", p.Text)
	}
}

// members lists what is in a module or class.
func (t *text) members(e Entry) {
	var list []Entry
	switch e.Kind {
	case Module:
		list = Of(e.Name)
	case Class:
		list = Members(e.Name)
	}
	title := map[Kind]string{Module: "What is in it", Class: "Methods and fields"}[e.Kind]
	for _, other := range list {
		if owner, _ := theBook().entry(other.Owner); other.Kind == Type || e.Kind == Module && owner.Kind == Class {
			continue // a class and its methods are one line
		}
		if title != "" {
			t.heading(title)
			title = ""
		}
		t.listed(other)
	}
	if parent, ok := theBook().entry(e.Parent); ok && e.Kind == Class && e.Parent != baseClass {
		t.line("", "")
		t.wrapped("", "", fmt.Sprintf("It also has everything that `%s` has.", parent.unique()))
	}
}

func (t *text) listed(e Entry) {
	t.line("  ", t.styled(bold, e.Signature()))
	if summary := e.Summary(); summary != "" {
		t.wrapped("      ", "      ", summary)
	}
}
