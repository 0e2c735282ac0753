package syntax

// Loops. The compiler combines jumps to jumps, but takes the distance of a jump
// that it has combined already for a label, so a jump back to a loop whose first
// instruction is a jump goes to a wrong place (gopher-lua #540). A break does not
// close what functions have captured in blocks inside the loop. And a generic for
// with one name does not set all of its three hidden variables (#514).

import (
	"fmt"

	"github.com/yuin/gopher-lua/ast"
)

type loop struct {
	// label is the target of a break that the compiler would compile wrongly; ""
	// while there is none.
	label string
}

func (rw *rewriter) loop(stmt ast.Stmt) ast.Stmt {
	lp := &loop{}
	switch st := stmt.(type) {
	case *ast.WhileStmt:
		rw.while(st, lp)
	case *ast.RepeatStmt:
		rw.enter(lp)
		st.Stmts = rw.stmts(st.Stmts)
		st.Condition = rw.expr(st.Condition)
		rw.leave()
		if mayStartWithJump(st.Stmts) {
			st.Stmts = rw.startWithNothing(st.Stmts, st)
		}
	case *ast.NumberForStmt:
		rw.numeric(st, lp)
	case *ast.GenericForStmt:
		stmt = rw.generic(st, lp)
	}
	if lp.label == "" {
		return stmt
	}
	end := place(&ast.LabelStmt{Name: lp.label}, stmt)
	return place(&ast.DoBlockStmt{Stmts: []ast.Stmt{stmt, end}}, stmt)
}

func (rw *rewriter) while(st *ast.WhileStmt, lp *loop) {
	st.Condition = rw.expr(st.Condition)
	rw.enter(lp)
	st.Stmts = rw.stmts(st.Stmts)
	rw.leave()
	switch {
	case isTruthy(st.Condition):
		if mayStartWithJump(st.Stmts) {
			st.Stmts = rw.startWithNothing(st.Stmts, st)
		}
	case conditionMayJump(st.Condition):
		rw.moveCondition(st)
	}
}

// moveCondition makes of "while c do ... end"
//
//	while true do nothing; if not c then break end; ... end
//
// The condition's nodes keep the scope outside of the loop: they see no more.
func (rw *rewriter) moveCondition(st *ast.WhileStmt) {
	not := place(&ast.UnaryNotOpExpr{Expr: st.Condition}, st.Condition)
	stop := place(&ast.BreakStmt{}, st)
	test := place(&ast.IfStmt{Condition: not, Then: []ast.Stmt{stop}}, st)
	st.Condition = place(&ast.TrueExpr{}, st.Condition)
	st.Stmts = rw.startWithNothing(append([]ast.Stmt{test}, st.Stmts...), st)
}

// startWithNothing puts an instruction without effect before stmts: it loads nil
// into an unused register.
func (rw *rewriter) startWithNothing(stmts []ast.Stmt, at ast.PositionHolder) []ast.Stmt {
	nothing := place(&ast.AssignStmt{Rhs: []ast.Expr{place(&ast.NilExpr{}, at)}}, at)
	return append([]ast.Stmt{nothing}, stmts...)
}

func (rw *rewriter) numeric(st *ast.NumberForStmt, lp *loop) {
	st.Init, st.Limit = rw.expr(st.Init), rw.expr(st.Limit)
	if st.Step != nil {
		st.Step = rw.expr(st.Step)
	}
	st.Name = rw.name(st.Name)
	rw.enter(lp)
	rw.declare("(for index)", "(for limit)", "(for step)", st.Name)
	st.Stmts = rw.stmts(st.Stmts)
	rw.leave()
}

func (rw *rewriter) generic(st *ast.GenericForStmt, lp *loop) ast.Stmt {
	outer := ast.Stmt(st)
	if last := len(st.Exprs) - 1; last < 2 && !isMulti(st.Exprs[last]) {
		for len(st.Exprs) < 3 {
			st.Exprs = append(st.Exprs, place(&ast.NilExpr{}, st.Exprs[last]))
		}
	} else if last == 2 {
		oneOnly(st.Exprs[last])
	} else if last == 1 && len(st.Names) == 1 {
		outer = rw.holdIterator(st)
		defer rw.leave()
	}
	rw.exprs(st.Exprs)
	rw.enter(lp)
	rw.declare("(for generator)", "(for state)", "(for control)")
	for i, name := range st.Names {
		st.Names[i] = rw.name(name)
		rw.declare(st.Names[i])
	}
	st.Stmts = rw.stmts(st.Stmts)
	rw.leave()
	if mayStartWithJump(st.Stmts) {
		st.Stmts = rw.startWithNothing(st.Stmts, st)
	}
	return outer
}

// holdIterator makes of "for x in f, g() do ... end"
//
//	do local t1, t2, t3 = f, g(); for x in t1, t2, t3 do ... end end
//
// and enters the scope of the do, which the caller is to leave.
func (rw *rewriter) holdIterator(st *ast.GenericForStmt) ast.Stmt {
	rw.enter(nil)
	rw.exprs(st.Exprs)
	local := place(&ast.LocalAssignStmt{Exprs: st.Exprs}, st)
	local.SetLastLine(0)
	st.Exprs = nil
	for range 3 {
		name := rw.temporary()
		local.Names = append(local.Names, name)
		st.Exprs = append(st.Exprs, place(&ast.IdentExpr{Value: name}, st))
	}
	rw.mark(local)
	return place(&ast.DoBlockStmt{Stmts: []ast.Stmt{local, st}}, st)
}

// isMulti reports whether e can have any number of values.
func isMulti(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		return !e.AdjustRet
	case *ast.Comma3Expr:
		return !e.AdjustRet
	}
	return false
}

// oneOnly puts a call or "..." in parentheses.
func oneOnly(e ast.Expr) {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		e.AdjustRet = true
	case *ast.Comma3Expr:
		e.AdjustRet = true
	}
}

// breakStmt replaces a break by a jump behind the loop if a block between here and
// the loop has a captured variable: for a goto the compiler closes it. (Only then:
// a goto that leaves no such block closes all variables.)
func (rw *rewriter) breakStmt(st *ast.BreakStmt) ast.Stmt {
	captured := false
	s := rw.scope
	for ; s != nil && s.fn == rw.fn && s.loop == nil; s = s.parent {
		captured = captured || s.captured
	}
	if s == nil || s.fn != rw.fn {
		panic(&Error{Line: lineOf(st.Line()), Message: "no loop to break"})
	}
	if !captured {
		return st
	}
	if s.loop.label == "" {
		rw.breaks++
		s.loop.label = fmt.Sprintf("(break %d)", rw.breaks)
	}
	return place(&ast.GotoStmt{Label: s.loop.label}, st)
}

// mayStartWithJump reports whether the first instruction of stmts could be a jump,
// or whether there might be none. In doubt it says yes.
func mayStartWithJump(stmts []ast.Stmt) bool {
	if len(stmts) == 0 {
		return true
	}
	switch st := stmts[0].(type) {
	case *ast.AssignStmt:
		return anyHasConstantTest(st.Lhs) || anyHasConstantTest(st.Rhs)
	case *ast.LocalAssignStmt:
		return anyHasConstantTest(st.Exprs)
	case *ast.FuncCallStmt:
		return hasConstantTest(st.Expr)
	case *ast.ReturnStmt:
		return anyHasConstantTest(st.Exprs)
	case *ast.NumberForStmt:
		return hasConstantTest(st.Init)
	case *ast.GenericForStmt:
		return anyHasConstantTest(st.Exprs)
	case *ast.IfStmt:
		return conditionMayJump(st.Condition)
	case *ast.WhileStmt:
		return conditionMayJump(st.Condition) && (!isTruthy(st.Condition) || mayStartWithJump(st.Stmts))
	case *ast.RepeatStmt:
		return mayStartWithJump(st.Stmts)
	case *ast.DoBlockStmt:
		return mayStartWithJump(st.Stmts)
	case *ast.FuncDefStmt:
		return false
	}
	return true
}

// conditionMayJump reports whether the code of a condition may begin with a jump.
func conditionMayJump(e ast.Expr) bool {
	return startsWithConstant(e) || hasConstantTest(e)
}

func startsWithConstant(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.LogicalOpExpr:
		return startsWithConstant(e.Lhs)
	case *ast.UnaryNotOpExpr:
		return startsWithConstant(e.Expr)
	}
	return isConstant(e)
}

func isTruthy(e ast.Expr) bool {
	switch e.(type) {
	case *ast.TrueExpr, *ast.NumberExpr, *ast.StringExpr:
		return true
	}
	return false
}

func anyHasConstantTest(exprs []ast.Expr) bool {
	for _, e := range exprs {
		if hasConstantTest(e) {
			return true
		}
	}
	return false
}

// hasConstantTest reports whether an "and" or "or" in e has a constant on its left,
// which is compiled to a jump without a test.
func hasConstantTest(expr ast.Expr) bool {
	switch e := expr.(type) {
	case *ast.LogicalOpExpr:
		return startsWithConstant(e) || hasConstantTest(e.Lhs) || hasConstantTest(e.Rhs)
	case *ast.RelationalOpExpr:
		return hasConstantTest(e.Lhs) || hasConstantTest(e.Rhs)
	case *ast.StringConcatOpExpr:
		return hasConstantTest(e.Lhs) || hasConstantTest(e.Rhs)
	case *ast.ArithmeticOpExpr:
		return hasConstantTest(e.Lhs) || hasConstantTest(e.Rhs)
	case *ast.UnaryNotOpExpr:
		return hasConstantTest(e.Expr)
	case *ast.UnaryMinusOpExpr:
		return hasConstantTest(e.Expr)
	case *ast.UnaryLenOpExpr:
		return hasConstantTest(e.Expr)
	case *ast.AttrGetExpr:
		return hasConstantTest(e.Object) || hasConstantTest(e.Key)
	case *ast.FuncCallExpr:
		return e.Func != nil && hasConstantTest(e.Func) ||
			e.Receiver != nil && hasConstantTest(e.Receiver) || anyHasConstantTest(e.Args)
	}
	return false
}
