package manual

import (
	"fmt"
	"io/fs"
	"strings"
)

// readBook reads all stubs. They are part of the program, and a test reads them, so
// a file that cannot be read is a bug in this package.
func readBook(meta fs.FS) *book {
	b := &book{byName: map[string]int{}, aliases: map[string]string{}, others: map[string][]string{}}
	err := fs.WalkDir(meta, "meta", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(meta, file)
		if err != nil {
			return err
		}
		s := &stub{file: file, locals: map[string]string{}, aliases: b.aliases}
		if err := s.read(string(text)); err != nil {
			return err
		}
		b.entries = append(b.entries, s.entries...)
		b.others[s.module] = s.others
		return nil
	})
	if err != nil {
		panic(err)
	}
	for i, e := range b.entries {
		b.byName[plain(e.Name)] = i
	}
	return b
}

// stub is a file of the manual while it is read. Its grammar is small: blocks of
// comments, each above a statement of one line or above nothing.
type stub struct {
	file    string
	module  string            // "ave.cmd"
	locals  map[string]string // the full names of the file's locals, such as cmd and Session
	aliases map[string]string // other names
	others  []string          // other names in the module
	entries []Entry
	line    int // the current line
	err     error
}

func (s *stub) read(text string) error {
	first, rest, _ := strings.Cut(text, "\n")
	module, ok := strings.CutPrefix(first, "---@meta ")
	if !ok {
		return fmt.Errorf("%s: wanted ---@meta MODULE in the first line, got %q", s.file, first)
	}
	s.module = module
	// The table that the file returns is the module, even for entries above the
	// return.
	returned := rest[strings.LastIndex(rest, "\nreturn ")+len("\nreturn "):]
	s.locals[strings.TrimSpace(returned)] = module
	var block []string
	for i, line := range strings.Split(rest, "\n") {
		s.line = i + 2
		if comment, ok := strings.CutPrefix(line, "---"); ok {
			block = append(block, comment)
			continue
		}
		s.statement(line, block)
		if s.err != nil {
			return fmt.Errorf("%s:%d: %w", s.file, s.line, s.err)
		}
		block = nil
	}
	return nil
}

// statement reads a line of code, or an empty line, below a block of comments.
func (s *stub) statement(line string, block []string) {
	if declaration, ok := strings.CutPrefix(line, "function "); ok {
		s.function(declaration, block)
		return
	}
	left, right, assigns := strings.Cut(line, " = ")
	local, isLocal := strings.CutPrefix(left, "local ")
	switch {
	case !assigns:
		s.annotated(block, "")
	case isLocal && s.locals[local] == s.module:
		e := s.comment(block)
		e.Name, e.Kind = s.module, Module
		s.add(e)
	case isLocal:
		s.annotated(block, local)
	case right == "{}": // a global, such as assert
		s.annotated(block, left)
		s.export(s.entryNamed(s.locals[left]), left)
	case len(block) == 0:
		s.alias(left, right)
	default:
		e := s.comment(block)
		e.Name, e.Kind, e.Owner = s.whole(left), Field, s.module
		s.add(e)
	}
}

// alias reads "cmd.Session = Session", "ave.cmd = require("ave.cmd")" and
// "it, spec = test.it, test.spec".
func (s *stub) alias(left, right string) {
	names, values := strings.Split(left, ", "), strings.Split(right, ", ")
	for i, name := range names {
		if i >= len(values) {
			break
		}
		value := strings.TrimSuffix(strings.TrimPrefix(values[i], `require("`), `")`)
		if strings.HasPrefix(name, "_G.") {
			continue // the alias would hide the module
		}
		value, name = s.whole(value), s.whole(name)
		if class := s.entryNamed(value); class != nil && class.Kind == Class {
			s.export(class, name)
			continue
		}
		if strings.HasPrefix(name, s.module+".") {
			s.others = append(s.others, name)
		}
		if value != "nil" && name != value {
			s.aliases[plain(name)] = plain(value)
		}
	}
}

// export gives a class and its members their names in the module.
func (s *stub) export(class *Entry, name string) {
	class.Exported = true
	old := class.Name
	if old == name {
		return
	}
	s.aliases[plain(old)] = plain(name)
	class.Name = name
	for i, e := range s.entries {
		if e.Owner == old {
			s.entries[i].Owner, s.entries[i].Name = name, name+strings.TrimPrefix(e.Name, old)
		}
	}
	for local, whole := range s.locals {
		if whole == old {
			s.locals[local] = name
		}
	}
}

func (s *stub) entryNamed(name string) *Entry {
	for i := range s.entries {
		if s.entries[i].Name == name {
			return &s.entries[i]
		}
	}
	return nil
}

// whole returns the full name of what the file calls "cmd.run" or "Session:expect".
func (s *stub) whole(name string) string {
	if global, ok := strings.CutPrefix(name, "_G."); ok {
		return global // which has the name of the module's local
	}
	first, rest := name, ""
	if at := strings.IndexAny(name, ".:"); at >= 0 {
		first, rest = name[:at], name[at:]
	}
	if whole, ok := s.locals[first]; ok {
		return whole + rest
	}
	return name
}

// function reads "cmd.run(cmd, options) end".
func (s *stub) function(declaration string, block []string) {
	name, params, _ := strings.Cut(strings.TrimSuffix(declaration, ") end"), "(")
	e := s.comment(block)
	e.Name, e.Kind = s.whole(name), Function
	if at := strings.LastIndexAny(e.Name, ".:"); at >= 0 {
		e.Owner = e.Name[:at]
		if e.Name[at] == ':' {
			e.Kind = Method
		}
	}
	var described []string
	for _, p := range e.Params {
		described = append(described, p.Name)
	}
	if got := strings.Join(described, ", "); got != params {
		s.err = fmt.Errorf("%s(%s) has the @param lines (%s): write one for each parameter, in their order", name, params, got)
	}
	s.add(e)
}

// annotated adds the classes and other types that a block of comments declares. The
// class of a local exists in Lua.
func (s *stub) annotated(block []string, local string) {
	e := s.comment(block)
	if e.Name == "" {
		return
	}
	e.Owner = s.module
	if local != "" {
		e.Kind = Class
		s.locals[local] = e.Name
	}
	s.add(e)
	for _, f := range e.Fields {
		if f.Name[0] != '[' && local != "" {
			s.add(Entry{Name: e.Name + "." + f.Name, Kind: Field, Owner: e.Name, Type: f.Type, Doc: f.Text})
		}
	}
}

func (s *stub) add(e Entry) {
	e.Module = s.module
	if e.Place.Line == 0 {
		e.Place = Place{s.file, s.line}
	}
	e.Doc, e.Raises = withoutRaises(e.Doc)
	e.Errors = namesIn(e.Raises)
	e.Example = firstCode(e.Doc)
	s.entries = append(s.entries, e)
}

// comment reads a block of comments.
func (s *stub) comment(block []string) (e Entry) {
	var doc strings.Builder
	for _, line := range block {
		annotation, ok := strings.CutPrefix(line, "@")
		if !ok {
			doc.WriteString(strings.TrimPrefix(line, " ") + "\n")
			continue
		}
		word, rest, _ := strings.Cut(annotation, " ")
		switch word {
		case "class":
			name, parent, _ := strings.Cut(rest, ":")
			e.Name, e.Parent, e.Kind = strings.TrimSpace(name), strings.TrimSpace(parent), Type
		case "alias":
			e.Name, e.Type, _ = strings.Cut(rest, " ")
			e.Kind = Type
		case "type":
			e.Type = rest
		case "param":
			if p := named(rest); p.Name != "self" {
				e.Params = append(e.Params, p)
			}
		case "field":
			e.Fields = append(e.Fields, named(rest))
		case "return":
			e.Returns = append(e.Returns, returned(rest))
		case "overload":
			e.Overloads = append(e.Overloads, rest)
		}
	}
	e.Doc = strings.TrimSpace(doc.String())
	return e
}

// named reads "timeout? ave.Seconds How long to wait. Default: 30."
func named(text string) Param {
	var p Param
	if strings.HasPrefix(text, "[") {
		end := strings.Index(text, "]") + 1
		p.Name, text = text[:end], strings.TrimSpace(text[end:])
	} else {
		p.Name, text, _ = strings.Cut(text, " ")
	}
	p.Name, p.Optional = strings.CutSuffix(p.Name, "?")
	p.Type, p.Text = splitType(text)
	return p.withDetails()
}

// returned reads "integer status What it exited with." and "string? ...".
func returned(text string) Param {
	var p Param
	p.Type, text = splitType(text)
	p.Name, p.Text, _ = strings.Cut(text, " ")
	return p.withDetails()
}

func (p Param) withDetails() Param {
	if strings.HasPrefix(p.Type, "ave.Seconds") {
		p.Unit = "seconds"
	}
	if _, text, ok := strings.Cut(p.Text, "Default: "); ok {
		if end := sentenceEnd(text); end > 0 {
			text = text[:end]
		}
		p.Default = strings.TrimSuffix(text, ".")
	} else if before, _, ok := strings.Cut(p.Text, ", the default,"); ok {
		p.Default = before[strings.LastIndex(before, " ")+1:]
	}
	return p
}

// splitType separates the type at the beginning of a text. It ends at a blank
// outside of brackets that is not beside an operator.
func splitType(text string) (typ, rest string) {
	depth := 0
	for i := range len(text) {
		switch c := text[i]; {
		case strings.IndexByte("([{<", c) >= 0:
			depth++
		case strings.IndexByte(")]}>", c) >= 0:
			depth--
		case c == ' ' && depth == 0 && i > 0 && strings.IndexByte(":,|", text[i-1]) < 0:
			return text[:i], strings.TrimSpace(text[i:])
		}
	}
	return text, ""
}
