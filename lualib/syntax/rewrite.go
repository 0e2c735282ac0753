package syntax

// Walks over the tree: it finds out which names are local variables, uses assign.go
// and loop.go where the compiler needs help, and limits the depth, because the
// compiler is recursive and an overflow of Go's stack ends the process.

import (
	"fmt"

	"github.com/yuin/gopher-lua/ast"
)

const (
	// maxLevels is lua5.1's limit for the nesting of blocks and expressions.
	maxLevels = 200

	// maxDepth limits what lua5.1 does not count as nesting, but makes the tree
	// deep: chains such as a+b+c, a.b.c and elseif. The compiler's time is
	// quadratic in some of them; its stack could take more.
	maxDepth = 10000
)

type rewriter struct {
	gotoName string
	fn       *function
	scope    *scope
	scopes   []*scope // all scopes, by id

	levels, depth int
	temporaries   int
	breaks        int
}

func newRewriter(gotoName string) *rewriter {
	rw := &rewriter{gotoName: gotoName, fn: &function{}}
	rw.enter(nil)
	return rw
}

// chunk rewrites the statements of a main function.
func (rw *rewriter) chunk(stmts []ast.Stmt) []ast.Stmt {
	return rw.stmts(stmts)
}

// nested runs walk one level deeper.
func (rw *rewriter) nested(at ast.PositionHolder, levels int, walk func()) {
	rw.levels += levels
	rw.depth++
	if rw.levels > maxLevels || rw.depth > maxDepth {
		panic(&Error{Line: lineOf(at.Line()), Message: "chunk has too many syntax levels"})
	}
	walk()
	rw.levels -= levels
	rw.depth--
}

// block rewrites stmts in a scope of their own.
func (rw *rewriter) block(stmts []ast.Stmt) []ast.Stmt {
	rw.enter(nil)
	defer rw.leave()
	return rw.stmts(stmts)
}

func (rw *rewriter) stmts(stmts []ast.Stmt) []ast.Stmt {
	out := make([]ast.Stmt, 0, len(stmts))
	for _, st := range stmts {
		rw.nested(st, 1, func() { out = append(out, rw.stmt(st)) })
	}
	return out
}

func (rw *rewriter) stmt(stmt ast.Stmt) ast.Stmt {
	rw.mark(stmt)
	switch st := stmt.(type) {
	case *ast.AssignStmt:
		return rw.assign(st)
	case *ast.LocalAssignStmt:
		return rw.local(st)
	case *ast.FuncCallStmt:
		// The parser also accepts "(f())" as a statement.
		if call, ok := st.Expr.(*ast.FuncCallExpr); ok && call.AdjustRet {
			panic(&Error{Line: lineOf(st.Line()), Message: "a call in parentheses is not a statement"})
		}
		st.Expr = rw.expr(st.Expr)
	case *ast.DoBlockStmt:
		st.Stmts = rw.block(st.Stmts)
	case *ast.IfStmt:
		rw.branches(st)
	case *ast.WhileStmt, *ast.RepeatStmt, *ast.NumberForStmt, *ast.GenericForStmt:
		return rw.loop(st)
	case *ast.FuncDefStmt:
		rw.definition(st)
	case *ast.ReturnStmt:
		rw.exprs(st.Exprs)
	case *ast.BreakStmt:
		return rw.breakStmt(st)
	}
	return stmt
}

// branches does not count an elseif as another level.
func (rw *rewriter) branches(st *ast.IfStmt) {
	st.Condition = rw.expr(st.Condition)
	st.Then = rw.block(st.Then)
	if len(st.Else) != 1 {
		st.Else = rw.block(st.Else)
		return
	}
	rw.levels--
	st.Else = rw.block(st.Else)
	rw.levels++
}

// definition is "function a.b.c:m() ... end".
func (rw *rewriter) definition(st *ast.FuncDefStmt) {
	st.Name.Method = rw.name(st.Name.Method)
	if st.Name.Func != nil {
		st.Name.Func = rw.expr(st.Name.Func)
	} else {
		st.Name.Receiver = rw.expr(st.Name.Receiver)
	}
	st.Func.SetLine(st.Line())
	rw.function(st.Func, st.Name.Func == nil)
}

func (rw *rewriter) function(fn *ast.FunctionExpr, method bool) {
	rw.mark(fn)
	rw.fn = &function{parent: rw.fn}
	rw.enter(nil)
	if method {
		rw.declare("self")
	}
	for i, name := range fn.ParList.Names {
		fn.ParList.Names[i] = rw.name(name)
		rw.declare(fn.ParList.Names[i])
	}
	if fn.ParList.HasVargs {
		rw.declare("arg")
	}
	rw.scope.markEnd(fn)
	fn.Stmts = rw.stmts(fn.Stmts)
	rw.leave()
	rw.fn = rw.fn.parent
}

func (rw *rewriter) exprs(exprs []ast.Expr) {
	for i := range exprs {
		exprs[i] = rw.expr(exprs[i])
	}
}

// expr rewrites one more level of expression; operand rewrites one that lua5.1
// reads in a loop: the left side of an operator, or what is called or indexed.
func (rw *rewriter) expr(e ast.Expr) ast.Expr    { return rw.exprAt(e, 1) }
func (rw *rewriter) operand(e ast.Expr) ast.Expr { return rw.exprAt(e, 0) }

func (rw *rewriter) exprAt(e ast.Expr, levels int) (out ast.Expr) {
	rw.nested(e, levels, func() { out = rw.rewriteExpr(e) })
	return out
}

func (rw *rewriter) rewriteExpr(expr ast.Expr) ast.Expr {
	rw.mark(expr)
	switch e := expr.(type) {
	case *ast.NumberExpr:
		if e.Value == infinite {
			return rw.infinity(e)
		}
	case *ast.StringExpr:
		e.Value = rw.name(e.Value)
	case *ast.IdentExpr:
		e.Value = rw.name(e.Value)
		rw.resolve(e.Value)
	case *ast.AttrGetExpr:
		e.Object, e.Key = rw.operand(e.Object), rw.expr(e.Key)
		if _, named := e.Key.(*ast.StringExpr); named {
			e.SetLine(e.Key.Line())
		}
	case *ast.TableExpr:
		for _, field := range e.Fields {
			if field.Key != nil {
				field.Key = rw.expr(field.Key)
				// As the last field's value, the compiler would also add it to the
				// list.
				oneOnly(field.Value)
			}
			field.Value = rw.expr(field.Value)
		}
	case *ast.FuncCallExpr:
		e.Method = rw.name(e.Method)
		if e.Func != nil {
			e.Func = rw.operand(e.Func)
		} else {
			e.Receiver = rw.operand(e.Receiver)
		}
		rw.exprs(e.Args)
	case *ast.LogicalOpExpr:
		e.Lhs, e.Rhs = rw.operand(e.Lhs), rw.expr(e.Rhs)
	case *ast.RelationalOpExpr:
		e.Lhs, e.Rhs = rw.operand(e.Lhs), rw.expr(e.Rhs)
	case *ast.StringConcatOpExpr:
		e.Lhs, e.Rhs = rw.operand(e.Lhs), rw.expr(e.Rhs)
	case *ast.ArithmeticOpExpr:
		e.Lhs, e.Rhs = rw.operand(e.Lhs), rw.expr(e.Rhs)
	case *ast.UnaryMinusOpExpr:
		e.Expr = rw.expr(e.Expr)
	case *ast.UnaryNotOpExpr:
		e.Expr = rw.expr(e.Expr)
	case *ast.UnaryLenOpExpr:
		e.Expr = rw.expr(e.Expr)
	case *ast.FunctionExpr:
		rw.function(e, false)
	}
	return expr
}

// infinity replaces a numeral that is too large: the compiler makes NaN of it.
func (rw *rewriter) infinity(e *ast.NumberExpr) ast.Expr {
	e.Value = "1e308"
	ten := place(&ast.NumberExpr{Value: "10"}, e)
	return place(&ast.ArithmeticOpExpr{Operator: "*", Lhs: e, Rhs: ten}, e)
}

// name restores the name "goto".
func (rw *rewriter) name(name string) string {
	if name != "" && name == rw.gotoName {
		return "goto"
	}
	return name
}

// temporary declares a local variable whose name cannot be in a source.
func (rw *rewriter) temporary() string {
	rw.temporaries++
	name := fmt.Sprintf("(temporary %d)", rw.temporaries)
	rw.declare(name)
	return name
}

// place gives a new node the position of the node that it replaces.
func place[T ast.PositionHolder](node T, of ast.PositionHolder) T {
	node.SetLine(of.Line())
	node.SetLastLine(of.LastLine())
	return node
}
