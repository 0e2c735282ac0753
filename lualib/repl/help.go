package repl

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"avescript/core/pager"
	"avescript/core/printable"
	"avescript/lualib/bind"
	"avescript/lualib/manual"
	"avescript/lualib/show"
	"avescript/lualib/syntax"
	"avescript/lualib/vm"
)

// modulesHelp is the end of what help shows without a subject.
func (r *repl) modulesHelp() string {
	return "\nhelp(x), help \"name\" or x? shows the manual of a function, class or object,\n" +
		"help \"some words\" searches it. The modules:\n\n" + manual.Index(r.width(), r.Color)
}

func (r *repl) width() int { return pager.Width(r.screen()) }

// helpSubject tells whether an input asks for help, and about what: "x?", "help(x)",
// "help "name"" and, because people try it, "help name".
func (r *repl) helpSubject(ctx context.Context, text string) (subject string, ok bool) {
	text = strings.TrimSpace(text)
	if subject, asks := strings.CutSuffix(text, "?"); asks && subject != "" {
		if _, err := r.compile(text); err != nil { // it is not a comment
			return strings.TrimSpace(subject), true
		}
	}
	rest, ok := strings.CutPrefix(text, "help")
	if !ok || r.hasGlobal(ctx, "help") {
		return "", false
	}
	if name, spaced := strings.CutPrefix(rest, " "); spaced && isPath(name) {
		return name, true
	}
	tree, err := syntax.Parse([]byte("return "+text), chunkName)
	if err != nil {
		return "", false
	}
	call, ok := tree.Chunk[0].(*ast.ReturnStmt).Exprs[0].(*ast.FuncCallExpr)
	if !ok || len(call.Args) != 1 {
		return "", false
	}
	word, ok := call.Func.(*ast.IdentExpr)
	subject = strings.TrimSpace(rest)
	if strings.HasPrefix(subject, "(") {
		subject = strings.TrimSpace(subject[1 : len(subject)-1])
	}
	return subject, ok && word.Value == "help"
}

// isPath reports whether a text consists of names with dots or colons between them.
func isPath(text string) bool {
	isLetter := false // whether the last character may be in a name
	for _, r := range text {
		switch {
		case r == '_' || unicode.IsLetter(r) && r < unicode.MaxASCII, isLetter && unicode.IsDigit(r):
			isLetter = true
		case isLetter && (r == '.' || r == ':'):
			isLetter = false
		default:
			return false
		}
	}
	return isLetter
}

// help returns what is known about a subject: about the value of the expression, or about
// the name.
func (r *repl) help(ctx context.Context, subject string) (shown string, err error) {
	err = r.do(ctx, func(L *lua.LState) error {
		shown, err = r.helpIn(L, subject, func(expression string) (lua.LValue, error) { return r.valueOf(L, expression) })
		return err
	})
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return strings.TrimRight(shown, "\n"), err
}

// helpIn uses valueOf to get the value of the subject, and the value whose field it is.
func (r *repl) helpIn(L *lua.LState, subject string, valueOf func(expression string) (lua.LValue, error)) (string, error) {
	if at := strings.LastIndexAny(subject, ".:"); at > 0 && isPath(subject[at+1:]) {
		owner, _ := valueOf(subject[:at])
		if text, err := methodHelp(L, owner, subject[at+1:]); text != "" || err != nil {
			return text, err
		}
	}
	value, err := valueOf(subject)
	if name, ok := value.(lua.LString); ok {
		return r.wordHelp(string(name))
	}
	if text := r.valueHelp(L, value); text != "" {
		return text + serviceHelp(L, value), nil
	}
	entry, ok := manual.Find(subject)
	switch {
	case ok && (value == lua.LNil || entry.Name == subject || entry.Name == "ave.test."+subject):
		return entry.Text(r.width(), r.Color), nil
	case err != nil && !isPath(subject):
		return "", err
	case value == lua.LNil:
		return "", manual.Missing(subject)
	}
	return "", fmt.Errorf("the manual has nothing about %s, which is %s", subject, bind.Describe(value))
}

// valueOf is the value of an expression, or of the method in "object:method". It is
// nil if there is none.
func (r *repl) valueOf(L *lua.LState, subject string) (lua.LValue, error) {
	if object, method, ok := strings.Cut(subject, ":"); ok && isPath(subject) {
		subject = object + "." + method
	}
	fn, err := r.v.Load([]byte("return "+subject), chunkName)
	if err != nil {
		return lua.LNil, err
	}
	r.enter(L, fn)
	value := lua.LNil
	err = vm.Within(L, vm.Context(L), func(L *lua.LState) error {
		value = bind.Invoke(L, fn)
		return nil
	})
	return value, err
}

// wordHelp is the help for a name in the manual, or the results of a search for it.
func (r *repl) wordHelp(name string) (string, error) {
	if entry, ok := manual.Find(name); ok {
		return entry.Text(r.width(), r.Color), nil
	}
	if found := manual.Search(name); len(found) > 0 {
		return manual.List(found, r.width(), r.Color), nil
	}
	return "", manual.Missing(name)
}

// valueHelp is the help for a module, function, class or object; "" if nothing is known.
func (r *repl) valueHelp(L *lua.LState, value lua.LValue) string {
	names := r.documented.in(L)
	if entry, ok := manual.Find(names[value]); ok {
		return entry.Text(r.width(), r.Color)
	}
	switch value := value.(type) {
	case *lua.LFunction:
		return r.functionHelp(value)
	case *lua.LTable:
		class := value
		if !bind.IsClass(value) {
			class, _ = value.Metatable.(*lua.LTable)
		}
		for ; class != nil; class = bind.ParentOf(class) {
			if entry, ok := manual.Find(names[class]); ok {
				return entry.Text(r.width(), r.Color)
			}
		}
	}
	return ""
}

// functionHelp is the help for a function of a script: how it is called, where it is
// defined, and the comment above it.
func (r *repl) functionHelp(fn *lua.LFunction) string {
	if fn.Proto == nil {
		return ""
	}
	text := fmt.Sprintf("function(%s)\n    %s:%d\n", strings.Join(show.Params(fn.Proto), ", "), printable.Line(fn.Proto.SourceName), fn.Proto.LineDefined)
	if chunk, _, ok := r.v.Origin(fn.Proto); ok {
		if doc := syntax.Docs(chunk.Source)[fn.Proto.LineDefined]; doc != "" {
			text += "\n" + printable.Lines(doc, "") + "\n"
		}
	}
	return text
}

// documented has the names of the loaded modules, and of their functions and classes. The
// interpreter's lock guards it.
type documented struct {
	names map[lua.LValue]string
	seen  map[lua.LValue]bool // the modules
}

// in returns the names. Each module is looked at once.
func (d *documented) in(L *lua.LState) map[lua.LValue]string {
	if d.names == nil {
		d.names, d.seen = map[lua.LValue]string{}, map[lua.LValue]bool{}
	}
	vm.Of(L).Loaded().ForEach(func(key, value lua.LValue) {
		module, isTable := value.(*lua.LTable)
		if !isTable || d.seen[value] {
			return
		}
		d.seen[value] = true
		if entry, ok := manual.Find(key.String()); ok && entry.Name == key.String() {
			nameModule(d.names, entry.Name, module)
		}
	})
	return d.names
}

func nameModule(names map[lua.LValue]string, name string, module *lua.LTable) {
	names[module] = name
	module.ForEach(func(key, value lua.LValue) {
		switch {
		case value.Type() == lua.LTFunction:
			names[value] = name + "." + key.String()
		case bind.IsClass(value):
			nameClass(names, name, value.(*lua.LTable))
		}
	})
}

// nameClass names a class of a module and its functions, and its parents, which may be
// in no module.
func nameClass(names map[lua.LValue]string, module string, class *lua.LTable) {
	for ; class != nil; class = bind.ParentOf(class) {
		short := class.RawGetString("__name").String()
		name := ""
		for _, whole := range []string{module + "." + short, "ave." + short} {
			if entry, ok := manual.Find(whole); ok && name == "" {
				name = entry.Name
			}
		}
		if names[class] != "" || name == "" {
			continue
		}
		names[class] = name
		class.ForEach(func(key, value lua.LValue) {
			if value.Type() != lua.LTFunction || names[value] != "" {
				return
			}
			for _, owner := range []string{name, "ave.Class"} {
				if _, ok := manual.Find(owner + ":" + key.String()); ok && names[value] == "" {
					names[value] = owner + ":" + key.String()
				}
			}
		})
	}
}
