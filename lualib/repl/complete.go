package repl

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/editor"
	"avescript/core/printable"
	"avescript/lualib/bind"
	"avescript/lualib/manual"
	"avescript/lualib/modules/service"
	"avescript/lualib/syntax"
)

// complete gives what could stand at the end of a source.
func (g globals) complete(source, after string) editor.Completion {
	p := placeOf(source)
	c := editor.Completion{From: p.from}
	var items []editor.Item
	switch p.wish {
	case variable:
		if options := g.options(source); options != nil {
			items = options
			break
		}
		items = append(g.variables(p.word), locals(source+after)...)
		if p.word != "" {
			items = append(items, fitting(p)...)
		}
		if len(p.before) == 0 {
			items = append(items, words...)
		}
	case field, method:
		owner := g.find(p.path)
		if owner == nil {
			return c
		}
		items = g.fields(owner, p.word, p.wish == method)
		if p.wish == method {
			methods, later, _ := service.Methods(owner)
			c.Later = later
			for _, m := range methods {
				if !syntax.IsName(m.Name) {
					continue // it cannot be called so, and could be code
				}
				items = append(items, editor.Item{Text: m.Name, Detail: detail("("+strings.Join(m.Parameters, ", ")+")", m.Doc)})
			}
		}
	case module:
		items = g.modules()
	case fileName:
		items = fileNames(p.path[0], p.word)
	}
	seen := map[string]bool{p.word: p.wish != fileName && len(items) > 1}
	for _, item := range items {
		if strings.HasPrefix(item.Text, p.word) && !seen[item.Text] {
			seen[item.Text] = true
			c.Items = append(c.Items, item)
		}
	}
	slices.SortStableFunc(c.Items, func(a, b editor.Item) int { return strings.Compare(a.Text, b.Text) })
	return c
}

// words are the words that mean something to the prompt.
var words = []editor.Item{
	{Text: "exit", Detail: "leaves the prompt"},
	{Text: "help", Detail: `help(x), help "name" or x? shows the manual`},
	{Text: "quit", Detail: "leaves the prompt"},
}

// detail is a signature, and what it is for.
func detail(signature, about string) string {
	first, _, _ := strings.Cut(about, "\n")
	return printable.Line(strings.TrimSpace(signature + "  " + first))
}

func (g globals) variables(prefix string) []editor.Item {
	names := append(g.names(g.L.G.Global), g.scopeNames()...)
	slices.Sort(names)
	names = slices.Compact(names)
	if g.hasAve && !slices.Contains(names, "ave") {
		names = append(names, "ave")
	}
	return g.items(nil, names, prefix, g.global)
}

func (g globals) fields(owner lua.LValue, prefix string, methods bool) []editor.Item {
	all := g.items(owner, g.names(owner), prefix, func(name string) lua.LValue { return g.field(owner, name) })
	if !methods {
		return all
	}
	return slices.DeleteFunc(all, func(item editor.Item) bool {
		_, callable := g.field(owner, item.Text).(*lua.LFunction)
		return !callable || item.Text == "init"
	})
}

// items are the names that begin with a prefix. The values of other names are not looked
// at, because that would load modules of ours.
func (g globals) items(owner lua.LValue, names []string, prefix string, value func(name string) lua.LValue) (items []editor.Item) {
	for _, name := range names {
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		item := editor.Item{Text: name}
		v := value(name)
		if v == nil {
			continue
		}
		if s, ok := g.signatureOf(owner, name, v); ok {
			item.Detail = detail(s.String(), s.summary)
		} else {
			item.Detail = g.kindOf(v)
		}
		if t, ok := v.(*lua.LTable); ok && g.isModule(t) {
			item.Suffix = "."
		}
		items = append(items, item)
	}
	return items
}

func (g globals) isModule(t *lua.LTable) bool {
	loaded := g.loaded()
	for key, value := loaded.Next(lua.LNil); key != lua.LNil; key, value = loaded.Next(key) {
		if value == t && key != lua.LString("_G") {
			return true
		}
	}
	return false
}

// kindOf describes a value in a word or two.
func (g globals) kindOf(v lua.LValue) string {
	switch v := v.(type) {
	case lua.LBool, lua.LNumber:
		return v.String()
	case *lua.LTable:
		switch {
		case bind.IsClass(v):
			return "class"
		case g.isModule(v):
			return "module"
		case bind.NameOf(v) != "":
			return bind.NameOf(v)
		}
	}
	return v.Type().String()
}

// options are the fields that a known function takes in a table.
func (g globals) options(source string) (items []editor.Item) {
	tokens := scan(source)
	if n := len(tokens); n > 0 && tokens[n-1].kind == name && tokens[n-1].to == len(source) {
		tokens = tokens[:n-1]
	}
	if n := len(tokens); n == 0 || tokens[n-1].raw != "{" && tokens[n-1].raw != "," && tokens[n-1].raw != ";" {
		return nil
	}
	c, ok := callOf(source)
	if !ok || !c.inTable {
		return nil
	}
	s, ok := g.called(c.place)
	if !ok || c.arg >= len(s.types) {
		return nil
	}
	for kind := range strings.SplitSeq(s.types[c.arg], "|") {
		e, ok := manual.Find(strings.Trim(kind, "?[]() "))
		if !ok || e.Kind != manual.Type {
			continue
		}
		for _, f := range e.Fields {
			if syntax.IsName(f.Name) {
				items = append(items, editor.Item{Text: f.Name, Suffix: " = ", Detail: detail(f.Type, f.Text)})
			}
		}
	}
	return items
}

// locals are the names that a source declares.
func locals(source string) (items []editor.Item) {
	declaring, params := false, false
	for i, t := range scan(source) {
		switch {
		case t.kind == keyword && (t.raw == "local" || t.raw == "for"):
			declaring = true
		case t.kind == keyword && t.raw == "function":
			declaring, params = false, true
		case t.kind == name && declaring, t.kind == name && params && i > 0:
			items = append(items, editor.Item{Text: t.raw, Detail: "local"})
		case params && t.raw == ")":
			params = false
		case t.raw != "," && t.raw != "(" && t.raw != "...":
			declaring = false
		}
	}
	return items
}

// The words that can follow, by what is in front of them.
var (
	beginning  = []string{"break", "do", "else", "elseif", "end", "for", "function", "if", "local", "repeat", "return", "until", "while"}
	expression = []string{"false", "function", "nil", "not", "true"}
	following  = []string{"and", "do", "else", "elseif", "end", "in", "or", "then", "until"}
)

// fitting are the keywords that fit at a place.
func fitting(p place) (items []editor.Item) {
	words := slices.Concat(beginning, expression)
	if n := len(p.before); n > 0 {
		last := p.before[n-1]
		switch {
		case last.kind == name || last.kind == number || last.kind == text,
			last.raw == ")" || last.raw == "]" || last.raw == "}" || last.raw == "end" || last.raw == "nil" || last.raw == "true" || last.raw == "false":
			words = slices.Concat(following, beginning)
		case last.raw == "do" || last.raw == "then" || last.raw == "else" || last.raw == "repeat" || last.raw == ";":
		default:
			words = expression
		}
	}
	for _, word := range words {
		items = append(items, editor.Item{Text: word, Detail: "keyword"})
	}
	return items
}

// modules are the modules that require finds: ours, loaded ones, and files.
func (g globals) modules() (items []editor.Item) {
	for _, e := range manual.Modules() {
		items = append(items, editor.Item{Text: e.Name, Detail: detail(e.Summary(), "")})
	}
	loaded := g.loaded()
	for key, _ := loaded.Next(lua.LNil); key != lua.LNil; key, _ = loaded.Next(key) {
		items = append(items, editor.Item{Text: key.String(), Detail: "loaded"})
	}
	for _, pattern := range []string{"*.lua", "*/*.lua"} {
		files, _ := filepath.Glob(pattern) // it is well formed
		for _, file := range files {
			if !fitsString(file) {
				continue
			}
			name := strings.TrimSuffix(strings.TrimSuffix(file, ".lua"), "/init")
			items = append(items, editor.Item{Text: strings.ReplaceAll(name, "/", "."), Detail: file})
		}
	}
	return items
}

// fitsString reports whether a name needs no escapes in a Lua string, with any kind of quotes.
func fitsString(name string) bool {
	return strconv.Quote(name) == `"`+name+`"` && !strings.Contains(name, "'") && !strings.Contains(name, "]]")
}

// fileNames are the files in a directory. Hidden files are only given for a word with a dot.
func fileNames(dir, word string) (items []editor.Item) {
	path := dir
	if rest, ok := strings.CutPrefix(dir, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil
		}
		path = filepath.Join(home, rest)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil
	}
	for _, entry := range entries[:min(len(entries), mostFields)] {
		file := entry.Name()
		if strings.HasPrefix(file, ".") && !strings.HasPrefix(word, ".") || !fitsString(file) {
			continue
		}
		item := editor.Item{Text: file}
		if info, err := os.Stat(filepath.Join(path, file)); err == nil && info.IsDir() {
			item.Suffix, item.Detail = "/", "directory"
		}
		items = append(items, item)
	}
	return items
}
