package check

import (
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"avescript/lualib/manual"
)

// thing is what is known about an expression: an entry of the manual, or an object
// of the class that the entry describes.
type thing struct {
	manual.Entry
	object bool
}

// thing finds out what an expression is. For most expressions it is not known.
func (n *names) thing(expr ast.Expr) (thing, bool) {
	switch e := expr.(type) {
	case *ast.IdentExpr:
		return n.variable(e)
	case *ast.AttrGetExpr:
		if key, named := e.Key.(*ast.StringExpr); named {
			if owner, ok := n.thing(e.Object); ok {
				return owner.member(key.Value)
			}
		}
	case *ast.FuncCallExpr:
		return n.result(e)
	}
	return thing{}, false
}

func (n *names) variable(e *ast.IdentExpr) (thing, bool) {
	v := n.locals[e]
	switch {
	case v == nil && !n.defined[e.Value]:
		entry, ok := manual.Whole(e.Value)
		return thing{Entry: entry}, ok && entry.Module == "ave.test" // its words are global
	case v == nil || v.writes > 0 || v.value == nil:
		return thing{}, false
	}
	return n.thing(v.value)
}

// result finds out what a call returns: a module, or an object of a class.
func (n *names) result(e *ast.FuncCallExpr) (thing, bool) {
	if module, ok := n.required(e); ok {
		entry, ok := manual.Whole(module)
		return thing{Entry: entry}, ok && entry.Kind == manual.Module
	}
	callee, ok := n.callee(e)
	switch {
	case !ok || callee.object:
		return thing{}, false
	case callee.Kind == manual.Class:
		return thing{callee.Entry, true}, true
	case len(callee.Returns) == 0:
		return thing{}, false
	}
	return objectOf(callee.Returns[0].Type)
}

// required returns the module that a call of require loads.
func (n *names) required(e *ast.FuncCallExpr) (module string, ok bool) {
	if e.Receiver != nil || n.root(e) != "require" || len(e.Args) != 1 {
		return "", false
	}
	name, ok := e.Args[0].(*ast.StringExpr)
	if !ok {
		return "", false
	}
	return name.Value, true
}

// callee finds out what is called.
func (n *names) callee(e *ast.FuncCallExpr) (thing, bool) {
	if e.Receiver == nil {
		return n.thing(e.Func)
	}
	receiver, ok := n.thing(e.Receiver)
	if !ok {
		return thing{}, false
	}
	return receiver.member(e.Method)
}

// objectOf returns the object of a type, if the type is the name of a class.
func objectOf(typ string) (thing, bool) {
	entry, ok := manual.Whole(typ)
	return thing{entry, true}, ok && entry.Kind == manual.Class
}

// member finds a name in a module, in a class, or in the parents of the class.
func (t thing) member(name string) (thing, bool) {
	for _, owner := range t.lineage() {
		entry, ok := manual.Whole(owner.Name + "." + name)
		if ok && entry.Kind == manual.Field {
			return objectOf(entry.Type)
		}
		if ok {
			return thing{Entry: entry}, true
		}
	}
	return thing{}, false
}

// lineage returns a class and its parents, upwards. For anything else it returns
// only that.
func (t thing) lineage() []manual.Entry {
	list := []manual.Entry{t.Entry}
	for entry, ok := manual.Whole(t.Parent); ok && entry.Name != ""; entry, ok = manual.Whole(entry.Parent) {
		list = append(list, entry)
	}
	return list
}

// members lists the names in a module or class. all is false if there may be
// others.
func (t thing) members(complete func(module string) bool) (list []string, all bool) {
	lineage := t.lineage()
	if t.Kind == manual.Module {
		for _, e := range manual.Of(t.Name) {
			list = append(list, last(e.Name))
		}
		for _, name := range manual.OtherNames(t.Name) {
			list = append(list, last(name))
		}
		return list, complete(t.Module)
	}
	if t.Kind != manual.Class || lineage[len(lineage)-1].Name != "ave.Class" {
		return nil, false
	}
	for _, class := range lineage {
		if hasAnyField(class) || !complete(class.Module) {
			return nil, false
		}
		for _, e := range manual.Members(class.Name) {
			list = append(list, last(e.Name))
		}
	}
	return list, true
}

func hasAnyField(e manual.Entry) bool {
	return slices.ContainsFunc(e.Fields, func(f manual.Param) bool { return strings.HasPrefix(f.Name, "[") })
}

func last(name string) string { return name[strings.LastIndexAny(name, ".:")+1:] }

// forms lists the ways to call something, each with its parameters.
func (t thing) forms() [][]manual.Param {
	var forms [][]manual.Param
	if t.Kind != manual.Class {
		forms = append(forms, t.Params)
	}
	for _, overload := range t.Overloads {
		forms = append(forms, overloaded(overload))
	}
	return forms
}

// overloaded reads the parameters of "fun(name: string, fn?: fun()): any".
func overloaded(overload string) []manual.Param {
	var params []manual.Param
	text := strings.TrimPrefix(overload, "fun(")
	for depth, start, i := 0, 0, 0; i < len(text); i++ {
		switch c := text[i]; {
		case depth == 0 && (c == ',' || c == ')'):
			if name, typ, ok := strings.Cut(text[start:i], ":"); ok {
				name, optional := strings.CutSuffix(strings.TrimSpace(name), "?")
				params = append(params, manual.Param{Name: name, Type: strings.TrimSpace(typ), Optional: optional})
			}
			if c == ')' {
				return params
			}
			start = i + 1
		case strings.IndexByte("([{<", c) >= 0:
			depth++
		case strings.IndexByte(")]}>", c) >= 0:
			depth--
		}
	}
	return params
}

// optionsOf lists the names of the options in a table that a parameter takes. known
// is false if the table may be something else.
func optionsOf(p manual.Param) (options []string, known bool) {
	for _, typ := range alternatives(p.Type) {
		entry, ok := manual.Whole(typ)
		switch {
		case isScalar(typ) || ok && entry.Kind == manual.Type && isScalar(entry.Type):
		case ok && entry.Kind == manual.Type && strings.HasSuffix(typ, "Options"):
			for _, class := range (thing{Entry: entry}).lineage() {
				if hasAnyField(class) {
					return nil, false
				}
				for _, f := range class.Fields {
					options = append(options, f.Name)
				}
			}
		default:
			return nil, false
		}
	}
	return options, len(options) > 0
}

// alternatives splits "string|ave.CmdOptions?".
func alternatives(typ string) []string {
	var list []string
	for part := range strings.SplitSeq(typ, "|") {
		list = append(list, strings.TrimSuffix(strings.TrimSpace(part), "?"))
	}
	return list
}

func isScalar(typ string) bool {
	return slices.Contains([]string{"nil", "boolean", "number", "integer", "string", "true", "false"}, typ) || strings.HasPrefix(typ, `"`)
}
