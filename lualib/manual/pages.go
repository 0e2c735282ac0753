package manual

import (
	"strings"
)

// format writes the pages of the manual, as Markdown or HTML. The lines that it is
// given were made by text, code and strong.
type format interface {
	text(s string) string
	strong(s string) string
	code(s, link string) string // without a link, it is ""

	heading(level int, anchor, line string)
	paragraph(line string)
	list(lines []string)
	block(code string)

	extension() string
}

// page writes the manual of a module.
type page struct {
	format
	module Entry
}

// writePage writes the page of a module: about the module, its functions and
// fields, its classes with their members, and other types.
func writePage(f format, module Entry) {
	p := page{f, module}
	p.heading(1, "", p.text(module.Name))
	p.describe(module)
	if others := OtherNames(module.Name); len(others) > 0 {
		p.paragraph("Other names for contents of other modules:")
		var lines []string
		for _, name := range others {
			lines = append(lines, p.named(module, name))
		}
		p.list(lines)
	}
	var values, types []Entry
	for _, e := range Of(module.Name) {
		if e.Kind == Type {
			types = append(types, e)
		} else {
			values = append(values, e)
		}
	}
	p.contents(values)
	for _, e := range append(values, types...) {
		p.entry(e)
	}
}

// contents lists the functions, fields and classes of a module.
func (p page) contents(values []Entry) {
	var lines []string
	for _, e := range values {
		if owner, _ := theBook().entry(e.Owner); owner.Kind != Class {
			lines = append(lines, p.code(e.Signature(), p.linkTo(e))+p.text(": ")+p.inline(e, e.Summary()))
		}
	}
	p.list(lines)
}

func (p page) entry(e Entry) {
	level := 2
	if owner, _ := theBook().entry(e.Owner); owner.Kind == Class {
		level = 3
	}
	p.heading(level, e.anchor(), p.text(e.Signature()))
	if e.Type != "" {
		p.paragraph(p.types(e, e.Type))
	}
	if e.Parent != "" && e.Parent != baseClass {
		p.paragraph(p.text("A child of ") + p.named(e, e.Parent) + p.text("."))
	}
	for _, overload := range e.Overloads {
		p.paragraph(p.text("Also ") + p.types(e, overload) + p.text("."))
	}
	p.describe(e)
	p.params("Parameters", e, e.Params)
	p.params("Returns", e, e.Returns)
	if e.Kind == Type {
		p.params("Fields", e, e.Fields)
	}
	if e.Raises != "" {
		p.doc(e, e.Raises)
	}
}

func (p page) describe(e Entry) { p.doc(e, e.Doc) }

// doc writes a description.
func (p page) doc(e Entry, doc string) {
	var items []string
	for _, b := range blocks(doc) {
		if b.kind != item && len(items) > 0 {
			p.list(items)
			items = nil
		}
		switch b.kind {
		case paragraph:
			p.paragraph(p.inline(e, b.text))
		case item:
			items = append(items, p.inline(e, b.text))
		case code:
			p.block(b.text)
		}
	}
	if len(items) > 0 {
		p.list(items)
	}
}

func (p page) params(title string, e Entry, list []Param) {
	if len(list) == 0 {
		return
	}
	p.paragraph(p.strong(title))
	var lines []string
	for _, param := range list {
		name := param.Name
		if param.Optional {
			name += "?"
		}
		line := p.types(e, param.Type)
		if name != "" {
			line = p.strong(name) + p.text(" ") + line
		}
		if param.Unit != "" {
			line += p.text(" (" + param.Unit + ")")
		}
		if param.Text != "" {
			line += p.text(": ") + p.inline(e, param.Text)
		}
		lines = append(lines, line)
	}
	p.list(lines)
}

// inline writes a line in which code that is a name becomes a link.
func (p page) inline(e Entry, line string) string {
	var b strings.Builder
	for _, s := range spans(line) {
		switch s.look {
		case codeText:
			b.WriteString(p.named(e, s.text))
		case strongText:
			b.WriteString(p.strong(s.text))
		default:
			b.WriteString(p.text(s.text))
		}
	}
	return b.String()
}

// named returns a name with a link to what it means in e.
func (p page) named(e Entry, name string) string {
	link := ""
	if names := namesIn("`" + name + "`"); len(names) > 0 {
		if other, ok := e.lookUp(names[0]); ok && other.Name != e.Name {
			link = p.linkTo(other)
		}
	}
	return p.code(name, link)
}

// types returns a type with links to its classes.
func (p page) types(e Entry, typ string) string {
	var b strings.Builder
	for len(typ) > 0 {
		at := strings.Index(typ, "ave.")
		if at < 0 {
			at = len(typ)
		}
		if at > 0 {
			b.WriteString(p.code(typ[:at], ""))
		}
		typ = typ[at:]
		end := strings.IndexFunc(typ, func(r rune) bool { return !isNameRune(r) || r == ':' })
		if end < 0 {
			end = len(typ)
		}
		if end > 0 {
			b.WriteString(p.named(e, typ[:end]))
		}
		typ = typ[end:]
	}
	return b.String()
}

// linkTo is the link to an entry.
func (p page) linkTo(e Entry) string {
	link := ""
	if e.Module != p.module.Name {
		link = e.Module + p.extension()
	}
	if e.Kind != Module {
		link += "#" + e.anchor()
	}
	return link
}

// anchor is the name of an entry's place on its page.
func (e Entry) anchor() string { return plain(strings.TrimPrefix(e.Name, e.Module+".")) }
