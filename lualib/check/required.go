package check

import (
	"slices"

	"github.com/yuin/gopher-lua/ast"
)

// Required is a module that a script requires by a name that stands there.
type Required struct {
	Name     string
	Line     int
	Optional bool // the error of a module that is missing is caught
}

// Requires lists what modules a script requires, and the lines in which require is used
// otherwise, such as with a name that is computed. The error is a *syntax.Error.
func Requires(source []byte, path string) (modules []Required, computed []int, err error) {
	n, err := parse(source, path)
	if err != nil {
		return nil, nil, err
	}
	var known []ast.Expr // where require is used in a known way
	for _, call := range n.calls {
		if name, ok := n.required(call.FuncCallExpr); ok {
			known = append(known, call.Func)
			modules = append(modules, Required{name, call.Line(), call.guarded})
		}
		if require, name, ok := n.tried(call.FuncCallExpr); ok {
			known = append(known, require)
			modules = append(modules, Required{name, call.Line(), true})
		}
	}
	for _, g := range n.globals {
		if g.expr.Value == "require" && !slices.Contains(known, ast.Expr(g.expr)) {
			computed = append(computed, g.expr.Line())
		}
	}
	return modules, computed, nil
}

// tried is the module in pcall(require, "module").
func (n *names) tried(e *ast.FuncCallExpr) (require ast.Expr, name string, ok bool) {
	if e.Receiver != nil || n.root(e) != "pcall" || len(e.Args) != 2 {
		return nil, "", false
	}
	fn, isName := e.Args[0].(*ast.IdentExpr)
	text, isText := e.Args[1].(*ast.StringExpr)
	if !isName || !isText || fn.Value != "require" {
		return nil, "", false
	}
	return fn, text.Value, true
}
