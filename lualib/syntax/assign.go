package syntax

// Assignments. The compiler has these bugs: it gives a local variable its value
// before the rest of the statement is evaluated (gopher-lua #440); it counts
// registers wrongly where a table's field gets the value of a local variable
// (#315); it takes a constant that is indexed for a register (#310); it stores the
// value of an "and" or "or" in a local variable too early, as in "x = (f() or b)
// and x", or not at all, as in "x = t.absent and y"; and it lets "local f =
// function() return f end" see the new f in the function.

import "github.com/yuin/gopher-lua/ast"

func (rw *rewriter) assign(st *ast.AssignStmt) ast.Stmt {
	if len(st.Lhs) != 1 || len(st.Rhs) != 1 {
		return rw.multiple(st)
	}
	oneValue(st.Rhs[0])
	switch target := st.Lhs[0].(type) {
	case *ast.IdentExpr:
		if rw.isLocal(target) && isLogical(st.Rhs[0]) {
			return rw.multiple(st)
		}
	case *ast.AttrGetExpr:
		if foldsToConstant(target.Object) {
			return rw.multiple(st)
		}
	}
	rw.exprs(st.Lhs)
	rw.exprs(st.Rhs)
	return st
}

// oneValue removes the parentheses around a call or "..." where only one value is
// used anyway: the compiler would evaluate it in the target's register.
func oneValue(e ast.Expr) {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		e.AdjustRet = false
	case *ast.Comma3Expr:
		e.AdjustRet = false
	}
}

func isLogical(e ast.Expr) bool {
	_, ok := e.(*ast.LogicalOpExpr)
	return ok
}

// foldsToConstant reports whether the compiler may make a constant of e.
func foldsToConstant(e ast.Expr) bool {
	switch e.(type) {
	case *ast.NumberExpr, *ast.StringExpr, *ast.ArithmeticOpExpr, *ast.UnaryMinusOpExpr:
		return true
	}
	return false
}

// multiple makes of "a, b[k] = x, y"
//
//	do
//		local t1, t2, t3, t4 = b, k, x, y
//		b[t2] = t4
//		a = t3
//	end
//
// which is lua5.1's order: last target first. What cannot change meanwhile has
// no need of a temporary variable: constants, and local variables that are not
// assigned to in this statement.
func (rw *rewriter) multiple(st *ast.AssignStmt) ast.Stmt {
	rw.enter(nil)
	defer rw.leave()
	do := place(&ast.DoBlockStmt{}, st)
	rw.mark(do)

	held := &holder{rw: rw, assigned: rw.localTargets(st.Lhs)}
	for _, lhs := range st.Lhs {
		if target, ok := lhs.(*ast.AttrGetExpr); ok {
			if foldsToConstant(target.Object) || !held.keeps(target.Object) {
				target.Object = held.hold(target.Object)
			}
			if !held.keeps(target.Key) {
				target.Key = held.hold(target.Key)
			}
		}
	}
	values := held.values(st.Lhs, st.Rhs)
	if len(held.exprs) > 0 {
		rw.exprs(held.exprs)
		local := place(&ast.LocalAssignStmt{Names: held.names, Exprs: held.exprs}, st)
		rw.mark(local)
		do.Stmts = append(do.Stmts, local)
	}
	for i := len(st.Lhs) - 1; i >= 0; i-- {
		single := place(&ast.AssignStmt{Lhs: st.Lhs[i : i+1], Rhs: values[i : i+1]}, st.Lhs[i])
		rw.exprs(single.Lhs)
		rw.exprs(single.Rhs)
		rw.mark(single)
		do.Stmts = append(do.Stmts, single)
	}
	return do
}

func (rw *rewriter) localTargets(targets []ast.Expr) map[string]bool {
	locals := map[string]bool{}
	for _, target := range targets {
		if rw.isLocal(target) {
			locals[rw.name(target.(*ast.IdentExpr).Value)] = true
		}
	}
	return locals
}

// holder collects the values that an assignment holds in temporary variables.
type holder struct {
	rw       *rewriter
	assigned map[string]bool // local variables that the statement assigns to
	names    []string
	exprs    []ast.Expr
}

// keeps reports whether e is the same before and during the assignment.
func (h *holder) keeps(e ast.Expr) bool {
	if id, ok := e.(*ast.IdentExpr); ok {
		return h.rw.isLocal(id) && !h.assigned[h.rw.name(id.Value)]
	}
	return isConstant(e)
}

// hold puts e into a temporary variable and returns that.
func (h *holder) hold(e ast.Expr) ast.Expr {
	h.exprs = append(h.exprs, e)
	return h.variable(e)
}

func (h *holder) variable(at ast.PositionHolder) ast.Expr {
	name := h.rw.temporary()
	h.names = append(h.names, name)
	return place(&ast.IdentExpr{Value: name}, at)
}

// values returns an expression for each target's value.
func (h *holder) values(targets, exprs []ast.Expr) []ast.Expr {
	values := make([]ast.Expr, len(targets))
	if len(exprs) == len(targets) {
		for i, e := range exprs {
			values[i] = e
			if !isConstant(e) {
				values[i] = h.hold(e)
			}
		}
		return values
	}
	h.exprs = append(h.exprs, exprs...)
	for i, target := range targets {
		values[i] = h.variable(target)
	}
	return values
}

func isConstant(e ast.Expr) bool {
	switch e.(type) {
	case *ast.StringExpr, *ast.NumberExpr, *ast.TrueExpr, *ast.FalseExpr, *ast.NilExpr:
		return true
	}
	return false
}

func (rw *rewriter) local(st *ast.LocalAssignStmt) ast.Stmt {
	for i, name := range st.Names {
		st.Names[i] = rw.name(name)
	}
	if isLocalFunction(st) {
		rw.declare(st.Names...)
		st.Exprs[0].SetLine(st.Line())
		rw.exprs(st.Exprs)
		return st
	}
	rw.exprs(st.Exprs)
	rw.declare(st.Names...)
	if len(st.Names) == 1 && len(st.Exprs) == 1 && isFunction(st.Exprs[0]) {
		// With a second expression the compiler does not take it for "local
		// function", whose body sees the new variable.
		st.Exprs = append(st.Exprs, place(&ast.NilExpr{}, st))
	}
	return st
}

// isLocalFunction tells "local function f" from "local f = function": the parser
// only gives the former a last line.
func isLocalFunction(st *ast.LocalAssignStmt) bool {
	return st.LastLine() != 0
}

func isFunction(e ast.Expr) bool {
	_, ok := e.(*ast.FunctionExpr)
	return ok
}
