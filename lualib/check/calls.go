package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"avescript/core/suggest"
	"avescript/lualib/manual"
)

// checkCall checks the arguments of a call of something in the manual.
func (f *file) checkCall(e *ast.FuncCallExpr) {
	callee, ok := f.callee(e)
	if !ok || callee.object || f.patched[callee.Name] {
		return
	}
	forms, args := callee.forms(), e.Args
	switch {
	case len(forms) == 0:
		return
	case e.Receiver != nil && callee.Kind == manual.Function:
		if receiver, _ := f.thing(e.Receiver); receiver.Kind == manual.Module {
			f.found(e.Line(), Arguments, callee.Name, "%s is not a method: write it with a dot, not with a colon", nameOf(callee))
		}
		return
	case e.Receiver == nil && callee.Kind == manual.Method:
		if len(args) == 0 {
			f.found(e.Line(), Arguments, callee.Name, "%s is a method: write it with a colon, not with a dot", nameOf(callee))
			return
		}
		args = args[1:] // self
	}
	got := len(args)
	open := got > 0 && hasManyValues(args[got-1])
	if !slices.ContainsFunc(forms, func(form []manual.Param) bool { return fits(form, got, open) }) {
		f.found(e.Line(), Arguments, callee.Name, "%s: wanted %s, got %s", called(callee), wanted(forms), counted(got, open))
		return
	}
	for i, arg := range args {
		if table, ok := arg.(*ast.TableExpr); ok {
			f.checkOptions(callee, forms, i, table)
		}
	}
}

// called returns how something is called, for messages.
func called(callee thing) string {
	return strings.TrimPrefix(callee.Signature(), "ave.test.") // its words are globals
}

// nameOf is called without the parameters.
func nameOf(callee thing) string {
	name, _, _ := strings.Cut(called(callee), "(")
	return name
}

// hasManyValues reports whether an expression may have any number of values as the
// last argument.
func hasManyValues(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		return !e.AdjustRet
	case *ast.Comma3Expr:
		return !e.AdjustRet
	}
	return false
}

// fits reports whether a form can be called with this number of arguments. If open,
// the last argument may be no value or several.
func fits(form []manual.Param, got int, open bool) bool {
	least, most := limits(form)
	if open {
		return most < 0 || got-1 <= most
	}
	return least <= got && (most < 0 || got <= most)
}

// limits returns the smallest and largest number of arguments of a form; most is -1
// if there is no limit. Arguments that may be nil can be left out at the end.
func limits(form []manual.Param) (least, most int) {
	most = len(form)
	if most > 0 && form[most-1].Name == "..." {
		form, most = form[:most-1], -1
	}
	for len(form) > 0 && mayBeAbsent(form[len(form)-1]) {
		form = form[:len(form)-1]
	}
	for _, p := range form {
		if !mayBeAbsent(p) {
			least++ // others can change places with those that are left out, as in it("name", fn)
		}
	}
	return least, most
}

func mayBeAbsent(p manual.Param) bool {
	types := alternatives(p.Type)
	return p.Optional || strings.HasSuffix(p.Type, "?") || slices.Contains(types, "any") || slices.Contains(types, "nil")
}

func wanted(forms [][]manual.Param) string {
	least, most := limits(forms[0])
	for _, form := range forms[1:] {
		l, m := limits(form)
		least = min(least, l)
		if m < 0 || most >= 0 && m > most {
			most = m
		}
	}
	switch {
	case most < 0:
		return "at least " + arguments(least)
	case least == most:
		return arguments(most)
	}
	return fmt.Sprintf("%d to %s", least, arguments(most))
}

func arguments(n int) string {
	switch n {
	case 0:
		return "no arguments"
	case 1:
		return "1 argument"
	}
	return fmt.Sprintf("%d arguments", n)
}

func counted(n int, open bool) string {
	if open {
		return fmt.Sprintf("at least %d", n-1)
	}
	return fmt.Sprint(n)
}

// checkOptions checks the names in a table that is the argument at an index.
func (f *file) checkOptions(callee thing, forms [][]manual.Param, index int, table *ast.TableExpr) {
	var options []string
	for _, form := range forms {
		if index >= len(form) {
			continue
		}
		names, known := optionsOf(form[index])
		if !known {
			return
		}
		options = append(options, names...)
	}
	if len(options) == 0 {
		return
	}
	slices.Sort(options)
	options = slices.Compact(options)
	for _, field := range table.Fields {
		key, ok := field.Key.(*ast.StringExpr)
		if !ok || slices.Contains(options, key.Value) {
			continue
		}
		hint := suggest.Hint(key.Value, options)
		if hint == "" {
			hint = suggest.Among(key.Value, options)
		}
		f.found(key.Line(), Option, key.Value, "%s has no option '%s'%s", nameOf(callee), key.Value, hint)
	}
}
