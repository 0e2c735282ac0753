package check

import (
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"avescript/core/suggest"
)

// checkGlobal checks that a global exists.
func (f *file) checkGlobal(e *ast.IdentExpr) {
	name := e.Value
	switch {
	case f.open || f.world.globals[name] || f.allowed[name] || f.shared[name]:
	case name == "ave":
		f.found(e.Line(), Global, name, `unknown global 'ave': write local ave = require("ave")`)
	default:
		f.found(e.Line(), Global, name, "unknown global '%s'%s", name, suggest.Hint(name, f.world.names()))
	}
}

// checkField checks that a module, class or object has a field. Objects may have
// fields that the manual does not know, but not methods.
func (f *file) checkField(owner ast.Expr, name string, line int, method bool) {
	t, ok := f.thing(owner)
	if !ok || t.object && !method {
		return
	}
	known, all := t.members(f.complete)
	if all && f.isMissing(name, known) {
		f.found(line, Field, name, "%s has no '%s'%s", t.Signature(), name, suggest.Hint(name, known))
	}
}

func (f *file) isMissing(name string, known []string) bool {
	return !strings.HasPrefix(name, "_") && !slices.Contains(known, name) && !f.extra[name] && !f.extra[""]
}

// checkLibrary checks that a table of the standard library has a field. A field
// without a similar name may belong to another version of Lua.
func (f *file) checkLibrary(e *ast.AttrGetExpr) {
	id, ok := e.Object.(*ast.IdentExpr)
	if !ok || f.locals[id] != nil || f.allowed[id.Value] || f.shared[id.Value] {
		return
	}
	name, known := keyOf(e), f.libraries[id.Value]
	if hint := suggest.Hint(name, known); hint != "" && f.isMissing(name, known) {
		f.found(e.Key.Line(), Field, name, "%s has no '%s'%s", id.Value, name, hint)
	}
}

// checkUse checks that a local variable is used. A variable before a used one in
// the same statement cannot be removed, so it is accepted.
func (f *file) checkUse(v *variable) {
	isUsed := func(v *variable) bool { return v.reads > 0 }
	switch {
	case v.kind == parameter || isUsed(v) || strings.HasPrefix(v.name, "_") || slices.ContainsFunc(v.later, isUsed):
	case v.writes > 0:
		f.found(v.line, Unused, v.name, "local '%s' is assigned and never read: remove it", v.name)
	case v.kind == localFunction:
		f.found(v.line, Unused, v.name, "local function '%s' is never used: remove it", v.name)
	default:
		f.found(v.line, Unused, v.name, "local '%s' is never used: remove it, or call it _", v.name)
	}
}
