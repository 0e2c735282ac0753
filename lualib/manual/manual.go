// Package manual is the manual of the API: it looks up, searches and shows what the
// stubs in lualib/meta say about modules, functions and classes.
//
// The stubs are read when the manual is first used, so that other programs do not
// pay for it.
package manual

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"avescript/core/suggest"
	"avescript/lualib"
)

// Kind is what an entry is about.
type Kind string

// The kinds of entries. A type is a name in annotations that is no value in Lua, such
// as ave.Seconds and ave.CmdOptions.
const (
	Module   Kind = "module"
	Function Kind = "function"
	Method   Kind = "method"
	Class    Kind = "class"
	Field    Kind = "field"
	Type     Kind = "type"
)

// baseClass is the parent of all classes without another one. Its members are not
// repeated for each class.
const baseClass = "ave.Class"

// Entry is what the manual says about a name.
type Entry struct {
	// Name is the full name: "ave.cmd", "ave.cmd.run", "ave.cmd.Session:expect"; of
	// a type, its name in annotations, "ave.CmdOptions".
	Name string
	Kind Kind

	// Module is the module of the entry. Owner is the entry that contains it: for a
	// method, the class. A module has no owner.
	Module, Owner string

	Params    []Param // of a function or method, without self
	Returns   []Param
	Overloads []string // other ways to call it, in LuaCATS: "fun(fn: fun())"

	Type   string  // of a field; what an alias stands for
	Parent string  // of a class: the name of its parent in annotations
	Fields []Param // of a class or type

	// Exported means that a class is in its module's table.
	Exported bool

	Doc     string   // Markdown, without what is in Raises
	Raises  string   // Markdown: which errors it raises, and when
	Errors  []string // the classes that are named in Raises
	Example string   // the first piece of code in Doc
	Place   Place
}

// Param is a parameter, a returned value, or a field of a class.
type Param struct {
	Name     string // "..." takes any number of values
	Type     string // in LuaCATS
	Text     string // Markdown
	Default  string // "" if there is none, or it is not told
	Unit     string // "seconds", or ""
	Optional bool
}

// Place is where something is declared.
type Place struct {
	File string // "meta/ave/cmd.lua"
	Line int
}

// book has all entries, in the order of the stubs.
type book struct {
	entries []Entry
	byName  map[string]int    // entries
	aliases map[string]string // other names
	others  map[string][]string
}

// read is the book; it is empty until the manual is used.
var read struct {
	sync.Once
	book *book
}

func theBook() *book {
	read.Do(func() { read.book = readBook(lualib.Meta) })
	return read.book
}

// Find finds the entry of a name: "ave.cmd.run", "Session:expect", "cmd.run", or a
// last part that is unique. A dot may stand for a colon.
func Find(name string) (Entry, bool) {
	if found := Named(name); len(found) == 1 {
		return found[0], true
	}
	return Entry{}, false
}

// Whole finds the entry of a full name, or of another full name for the same entry:
// "ave.Control", "ave.CmdOptions".
func Whole(name string) (Entry, bool) { return theBook().entry(name) }

// Named lists the entries that a name may mean. For a full name it is one.
func Named(name string) []Entry {
	b := theBook()
	if e, ok := b.entry(name); ok {
		return []Entry{e}
	}
	if name = plain(name); name == "" {
		return nil
	}
	var found []Entry
	for _, e := range b.entries {
		if strings.HasSuffix(plain(e.Name), "."+name) {
			found = append(found, e)
		}
	}
	if i := slices.IndexFunc(found, func(e Entry) bool { return e.Kind == Module }); i >= 0 {
		return found[i : i+1]
	}
	return found
}

// plain returns a name in the form for comparisons.
func plain(name string) string { return strings.ReplaceAll(name, ":", ".") }

// Modules lists the modules, by name.
func Modules() []Entry {
	modules := slices.DeleteFunc(slices.Clone(theBook().entries), func(e Entry) bool { return e.Kind != Module })
	slices.SortFunc(modules, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return modules
}

// Of lists the entries of a module, in the order of its stub, without that of the
// module itself.
func Of(module string) []Entry {
	return slices.DeleteFunc(slices.Clone(theBook().entries), func(e Entry) bool { return e.Module != module || e.Kind == Module })
}

// OtherNames lists the names in a module for entries of other modules, such as
// ave.Control, and the names of modules in the module above them.
func OtherNames(module string) []string { return theBook().others[module] }

// Members lists the methods, functions and fields of a class, without those of its
// parents.
func Members(class string) []Entry {
	return slices.DeleteFunc(slices.Clone(theBook().entries), func(e Entry) bool { return e.Owner != class })
}

// Names lists all names that can be looked up, in their usual form: "ave.cmd.run",
// "Session:expect".
func Names() []string {
	var names []string
	for _, e := range theBook().entries {
		names = append(names, e.unique())
	}
	slices.Sort(names)
	return names
}

// short returns the name as people write it: names of classes, and in classes,
// without the module.
func (e Entry) short() string {
	owner, _ := theBook().entry(e.Owner)
	if e.Kind == Class && e.Exported || owner.Kind == Class {
		return strings.TrimPrefix(e.Name, e.Module+".")
	}
	return e.Name
}

// entry returns the entry of a full name, or of another full name for it.
func (b *book) entry(name string) (Entry, bool) {
	name = plain(name)
	for range len(b.aliases) {
		if i, ok := b.byName[name]; ok {
			return b.entries[i], true
		}
		other, ok := b.withoutAlias(name)
		if !ok {
			break
		}
		name = other
	}
	return Entry{}, false
}

// withoutAlias replaces the longest part that is an alias: "ave.control" in
// "ave.control.Control.rpc".
func (b *book) withoutAlias(name string) (string, bool) {
	for end := len(name); end > 0; end = strings.LastIndex(name[:end], ".") {
		if whole, ok := b.aliases[name[:end]]; ok {
			return whole + name[end:], true
		}
	}
	return "", false
}

// Suggest lists similar names for a name that does not exist, or the names that an
// ambiguous one may mean.
func Suggest(name string) []string {
	var names []string
	if found := Named(name); len(found) > 0 {
		for _, e := range found {
			names = append(names, e.unique())
		}
		return names
	}
	entries, parts := theBook().entries, strings.Count(plain(name), ".")+1
	ends := make([]string, len(entries)) // of the names, with as many parts
	for i, e := range entries {
		all := strings.Split(plain(e.Name), ".")
		ends[i] = strings.Join(all[max(0, len(all)-parts):], ".")
	}
	similar := suggest.Similar(plain(name), ends)
	for i, end := range ends {
		if similar != "" && end == similar {
			names = append(names, entries[i].unique())
		}
	}
	return names
}

// unique returns the short name, or the full name if the short one is not unique.
func (e Entry) unique() string {
	if _, ok := Find(e.short()); ok {
		return e.short()
	}
	return e.Name
}

// The weights of where a word is found.
const (
	inLastPart   = 100 // the whole of it
	inNameBegins = 40
	inName       = 20
	inSummary    = 8
	inParam      = 4
	inDoc        = 2
)

// Search lists the entries in which all words of a text are found, the best first:
// names count more than descriptions. Upper and lower case are the same.
func Search(text string) []Entry {
	words := strings.Fields(strings.ToLower(text))
	type hit struct {
		entry Entry
		score int
	}
	var hits []hit
	for _, e := range theBook().entries {
		if score := e.score(words); score > 0 {
			hits = append(hits, hit{e, score})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(b.score, a.score), strings.Compare(a.entry.Name, b.entry.Name))
	})
	found := make([]Entry, len(hits))
	for i, h := range hits {
		found[i] = h.entry
	}
	return found
}

// score returns how well an entry matches words; 0 if one of them is not found.
func (e Entry) score(words []string) int {
	name, summary := strings.ToLower(e.Name), strings.ToLower(e.Summary())
	last := name[strings.LastIndexAny(name, ".:")+1:]
	doc := strings.ToLower(e.Doc + " " + e.Raises + " " + e.Type)
	var params strings.Builder
	for _, p := range slices.Concat(e.Params, e.Returns, e.Fields) {
		params.WriteString(strings.ToLower(p.Name + " " + p.Type + " " + p.Text + "\n"))
	}
	total := 0
	for _, word := range words {
		score := 0
		for _, place := range []struct {
			found  bool
			weight int
		}{
			{last == word || name == word, inLastPart},
			{strings.HasPrefix(last, word), inNameBegins},
			{strings.Contains(name, word), inName},
			{strings.Contains(summary, word), inSummary},
			{strings.Contains(params.String(), word), inParam},
			{strings.Contains(doc, word), inDoc},
		} {
			if place.found {
				score += place.weight
			}
		}
		if score == 0 {
			return 0
		}
		total += score
	}
	if e.Kind == Type {
		total = (total + 1) / 2 // prefer entries that can be called
	}
	return total
}

// Summary returns the first sentence of the description, on one line.
func (e Entry) Summary() string {
	paragraph, _, _ := strings.Cut(e.Doc, "\n\n")
	if paragraph == "" {
		paragraph = e.Raises
	}
	line := strings.Join(strings.Fields(paragraph), " ")
	if end := sentenceEnd(line); end > 0 {
		line = line[:end]
	}
	return strings.TrimRight(line, ":")
}

// sentenceEnd returns where the first sentence of a line ends, or 0.
func sentenceEnd(line string) int {
	inCode := false
	for i := range len(line) {
		switch {
		case line[i] == '`':
			inCode = !inCode
		case !inCode && line[i] == '.' && i+1 < len(line) && line[i+1] == ' ':
			return i + 1
		}
	}
	return 0
}

// Signature returns how to call it: "cmd.run(cmd, options?)",
// "Session:expect(patterns, options?)". For entries that cannot be called it
// returns the name.
func (e Entry) Signature() string {
	if e.Kind != Function && e.Kind != Method {
		return e.short()
	}
	names := make([]string, len(e.Params))
	for i, p := range e.Params {
		names[i] = p.Name
		if p.Optional {
			names[i] += "?"
		}
	}
	return e.short() + "(" + strings.Join(names, ", ") + ")"
}
