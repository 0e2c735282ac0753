package check

import (
	"slices"

	"github.com/yuin/gopher-lua/ast"

	"avescript/lualib/syntax"
)

// names is how a file uses names: what each one means, and where variables, fields
// and functions are used. It is made in one walk over the syntax tree.
type names struct {
	tree      *syntax.Tree
	locals    map[*ast.IdentExpr]*variable // the variable of an identifier, unless it is a global
	variables []*variable
	globals   []global
	defined   map[string]bool // the globals that are assigned to
	fields    []field
	calls     []call
	assigned  []*ast.AttrGetExpr // the fields that are assigned to
	functions []*ast.FunctionExpr

	scope   *scope
	guarded bool // inside a function whose errors are caught
}

// variable is a local variable.
type variable struct {
	name          string
	line          int
	value         ast.Expr // its first value; nil if it is not one expression
	reads, writes int      // without the declaration

	kind  variableKind
	later []*variable // the variables after it in the same statement
}

type variableKind int

const (
	parameter variableKind = iota // of a function or a loop
	local
	localFunction
)

// global is a use of a global.
type global struct {
	expr *ast.IdentExpr
	state
}

// field is a use of a field with a constant name.
type field struct {
	expr *ast.AttrGetExpr
	state
}

// state says what a use expects.
type state struct {
	lenient bool // it may be absent
	guarded bool // the error is caught
}

// call is a call of a function.
type call struct {
	*ast.FuncCallExpr
	guarded bool
}

type scope struct {
	parent *scope
	names  map[string]*variable
}

func findNames(tree *syntax.Tree) *names {
	n := &names{tree: tree, locals: map[*ast.IdentExpr]*variable{}, defined: map[string]bool{}}
	n.block(tree.Chunk)
	return n
}

func (n *names) enter() { n.scope = &scope{n.scope, map[string]*variable{}} }
func (n *names) leave() { n.scope = n.scope.parent }

func (n *names) declare(name string, line int, kind variableKind) *variable {
	v := &variable{name: name, line: line, kind: kind}
	n.variables = append(n.variables, v)
	n.scope.names[name] = v
	return v
}

func (n *names) lookUp(name string) *variable {
	for s := n.scope; s != nil; s = s.parent {
		if v := s.names[name]; v != nil {
			return v
		}
	}
	return nil
}

func (n *names) block(stmts []ast.Stmt) {
	n.enter()
	defer n.leave()
	n.stmts(stmts)
}

func (n *names) stmts(stmts []ast.Stmt) {
	for _, st := range stmts {
		n.stmt(st)
	}
}

func (n *names) stmt(stmt ast.Stmt) {
	switch st := stmt.(type) {
	case *ast.AssignStmt:
		n.exprs(st.Rhs)
		for _, target := range st.Lhs {
			n.assign(target)
		}
	case *ast.LocalAssignStmt:
		n.local(st)
	case *ast.FuncCallStmt:
		n.expr(st.Expr)
	case *ast.DoBlockStmt:
		n.block(st.Stmts)
	case *ast.WhileStmt:
		n.condition(st.Condition)
		n.block(st.Stmts)
	case *ast.RepeatStmt: // its condition sees the variables of its body
		n.enter()
		n.stmts(st.Stmts)
		n.condition(st.Condition)
		n.leave()
	case *ast.IfStmt:
		n.condition(st.Condition)
		n.block(st.Then)
		n.block(st.Else)
	case *ast.NumberForStmt:
		n.exprs([]ast.Expr{st.Init, st.Limit, st.Step})
		n.body(st.Line(), []string{st.Name}, st.Stmts)
	case *ast.GenericForStmt:
		n.exprs(st.Exprs)
		n.body(st.Line(), st.Names, st.Stmts)
	case *ast.FuncDefStmt:
		n.definition(st)
	case *ast.ReturnStmt:
		n.exprs(st.Exprs)
	}
}

// body is a block with parameters.
func (n *names) body(line int, params []string, stmts []ast.Stmt) {
	n.enter()
	defer n.leave()
	for _, name := range params {
		n.declare(name, line, parameter)
	}
	n.block(stmts)
}

func (n *names) local(st *ast.LocalAssignStmt) {
	if st.LastLine() != 0 { // "local function": see [syntax.Tree]
		n.declare(st.Names[0], st.Line(), localFunction)
		n.exprs(st.Exprs)
		return
	}
	n.exprs(st.Exprs)
	var declared []*variable
	for i, name := range st.Names {
		v := n.declare(name, st.Line(), local)
		if i < len(st.Exprs) {
			v.value = st.Exprs[i]
		}
		declared = append(declared, v)
	}
	for i, v := range declared {
		v.later = declared[i+1:]
	}
}

func (n *names) assign(target ast.Expr) {
	switch e := target.(type) {
	case *ast.IdentExpr:
		if v := n.lookUp(e.Value); v != nil {
			v.writes++
			n.locals[e] = v
		} else {
			n.defined[e.Value] = true
		}
	case *ast.AttrGetExpr:
		n.expr(e.Object)
		n.expr(e.Key)
		n.assigned = append(n.assigned, e)
	}
}

// definition is "function a.b.c:m() ... end".
func (n *names) definition(st *ast.FuncDefStmt) {
	if st.Name.Func != nil {
		n.assign(st.Name.Func)
		n.function(st.Func, nil)
		return
	}
	key := &ast.StringExpr{Value: st.Name.Method}
	key.SetLine(st.Line())
	n.assign(&ast.AttrGetExpr{Object: st.Name.Receiver, Key: key})
	n.function(st.Func, []string{"self"})
}

func (n *names) function(fn *ast.FunctionExpr, implicit []string) {
	n.functions = append(n.functions, fn)
	params := slices.Concat(implicit, fn.ParList.Names)
	if fn.ParList.HasVargs {
		params = append(params, "arg") // Lua 5.1 also puts the arguments into a table
	}
	n.body(fn.Line(), params, fn.Stmts)
}

func (n *names) exprs(exprs []ast.Expr) {
	for _, e := range exprs {
		n.expr(e)
	}
}

func (n *names) expr(expr ast.Expr)      { n.read(expr, false) }
func (n *names) condition(expr ast.Expr) { n.read(expr, true) }

// read walks through an expression. It is lenient where a name may be absent,
// because the code tests for that.
func (n *names) read(expr ast.Expr, lenient bool) {
	switch e := expr.(type) {
	case *ast.IdentExpr:
		if v := n.lookUp(e.Value); v != nil {
			v.reads++
			n.locals[e] = v
		} else {
			n.globals = append(n.globals, global{e, state{lenient, n.guarded}})
		}
	case *ast.AttrGetExpr:
		n.expr(e.Object)
		n.expr(e.Key)
		if _, named := e.Key.(*ast.StringExpr); named {
			n.fields = append(n.fields, field{e, state{lenient, n.guarded}})
		}
	case *ast.TableExpr:
		for _, f := range e.Fields {
			if f.Key != nil {
				n.expr(f.Key)
			}
			n.expr(f.Value)
		}
	case *ast.FuncCallExpr:
		n.call(e)
	case *ast.LogicalOpExpr:
		n.condition(e.Lhs)
		n.read(e.Rhs, lenient)
	case *ast.RelationalOpExpr:
		n.read(e.Lhs, isNil(e.Rhs))
		n.read(e.Rhs, isNil(e.Lhs))
	case *ast.StringConcatOpExpr:
		n.exprs([]ast.Expr{e.Lhs, e.Rhs})
	case *ast.ArithmeticOpExpr:
		n.exprs([]ast.Expr{e.Lhs, e.Rhs})
	case *ast.UnaryMinusOpExpr:
		n.expr(e.Expr)
	case *ast.UnaryNotOpExpr:
		n.condition(e.Expr)
	case *ast.UnaryLenOpExpr:
		n.expr(e.Expr)
	case *ast.FunctionExpr:
		n.function(e, nil)
	}
}

func isNil(e ast.Expr) bool {
	_, ok := e.(*ast.NilExpr)
	return ok
}

func (n *names) call(e *ast.FuncCallExpr) {
	n.calls = append(n.calls, call{e, n.guarded})
	if e.Receiver != nil {
		n.expr(e.Receiver)
	} else {
		n.expr(e.Func)
	}
	outer := n.guarded
	defer func() { n.guarded = outer }()
	root := n.root(e)
	if slices.Contains([]string{"pcall", "xpcall", "assert"}, root) {
		n.guarded = true // mistakes in there may be intended
	}
	for _, arg := range e.Args {
		n.read(arg, slices.Contains([]string{"type", "assert", "tostring"}, root))
	}
}

// root returns the global that is called, or whose field is called: "assert" for
// assert.is_nil(x).
func (n *names) root(e *ast.FuncCallExpr) string {
	callee := e.Func
	for {
		switch c := callee.(type) {
		case *ast.AttrGetExpr:
			callee = c.Object
		case *ast.IdentExpr:
			if n.locals[c] == nil {
				return c.Value
			}
			return ""
		default:
			return ""
		}
	}
}
