package syntax

import (
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"
)

// Tree is a source as its author has written it, for tools that read code and do
// not run it. Its lines are those of the source. A "local function" is a
// [ast.LocalAssignStmt] with a last line.
type Tree struct {
	Chunk    []ast.Stmt
	Comments map[int]string // those that begin with "--" and end with their line, by line
}

// Parse makes a tree. Its errors are those of [Compile].
func Parse(source []byte, name string) (*Tree, error) {
	p := newParser(source, name)
	p.lexer.comments = map[int]string{}
	p.tree = &builder{}
	_, chunk, err := p.run()
	if err != nil {
		return nil, err
	}
	return &Tree{chunk, p.lexer.comments}, nil
}

// builder makes the nodes of a tree, beside the code. A nil *builder makes none.
type builder struct{}

// at puts a node on a line.
func at[N ast.PositionHolder](node N, line int) N {
	node.SetLine(line)
	return node
}

// list adds an expression to a list.
func (t *builder) list(nodes []ast.Expr, e *expr) []ast.Expr {
	if t == nil {
		return nil
	}
	return append(nodes, e.node)
}

func (t *builder) literal(e *expr, tok token, line int) {
	if t == nil {
		return
	}
	switch tok.kind {
	case number:
		e.node = &ast.NumberExpr{Value: tok.raw}
	case text:
		e.node = &ast.StringExpr{Value: strings.Clone(tok.text)}
	case kwNil:
		e.node = &ast.NilExpr{}
	case kwTrue:
		e.node = &ast.TrueExpr{}
	case kwFalse:
		e.node = &ast.FalseExpr{}
	case dots:
		e.node = &ast.Comma3Expr{}
	}
	e.node.SetLine(line)
}

func (t *builder) text(e *expr, s string, line int) {
	if t != nil {
		e.node = at(&ast.StringExpr{Value: s}, line)
	}
}

func (t *builder) name(e *expr, name string, line int) {
	if t != nil {
		e.node = at(&ast.IdentExpr{Value: name}, line)
	}
}

// parentheses notes that only one value is left.
func (t *builder) parentheses(e *expr) {
	switch node := e.node.(type) {
	case *ast.FuncCallExpr:
		node.AdjustRet = true
	case *ast.Comma3Expr:
		node.AdjustRet = true
	}
}

func (t *builder) index(e, key *expr) {
	if t != nil {
		e.node = at(&ast.AttrGetExpr{Object: e.node, Key: key.node}, key.node.Line())
	}
}

func (t *builder) call(e *expr, method string, args []ast.Expr, line int) {
	if t == nil {
		return
	}
	node := at(&ast.FuncCallExpr{Args: args}, line)
	if method != "" {
		node.Receiver, node.Method = e.node, method
	} else {
		node.Func = e.node
	}
	e.node = node
}

func (t *builder) unary(e *expr, op kind, line int) {
	if t == nil {
		return
	}
	switch op {
	case kwNot:
		e.node = at(&ast.UnaryNotOpExpr{Expr: e.node}, line)
	case '-':
		e.node = at(&ast.UnaryMinusOpExpr{Expr: e.node}, line)
	case '#':
		e.node = at(&ast.UnaryLenOpExpr{Expr: e.node}, line)
	}
}

func (t *builder) binary(left, right *expr, op operator, line int) ast.Expr {
	if t == nil {
		return nil
	}
	switch op.left {
	case andLevel, orLevel:
		return at(&ast.LogicalOpExpr{Operator: op.text, Lhs: left.node, Rhs: right.node}, line)
	case comparisonLevel:
		return at(&ast.RelationalOpExpr{Operator: op.text, Lhs: left.node, Rhs: right.node}, line)
	case concatLevel:
		return at(&ast.StringConcatOpExpr{Lhs: left.node, Rhs: right.node}, line)
	}
	return at(&ast.ArithmeticOpExpr{Operator: op.text, Lhs: left.node, Rhs: right.node}, line)
}

func (t *builder) table(e *expr, line int) {
	if t != nil {
		e.node = at(&ast.TableExpr{}, line)
	}
}

// field adds a field to a table; without a key, an item of its list.
func (t *builder) field(table *expr, key ast.Expr, value *expr) {
	if t != nil {
		node := table.node.(*ast.TableExpr)
		node.Fields = append(node.Fields, &ast.Field{Key: key, Value: value.node})
	}
}

// parameters returns those of a function; the object of a method is not one of them.
func (t *builder) parameters(fn *function, self bool) *ast.ParList {
	if t == nil {
		return nil
	}
	params := &ast.ParList{HasVargs: fn.proto.IsVarArg != 0}
	for i, v := range fn.locals[:fn.proto.NumParameters] {
		if i > 0 || !self {
			params.Names = append(params.Names, v.Name)
		}
	}
	return params
}

func (t *builder) function(e *expr, params *ast.ParList, stmts []ast.Stmt, line, last int) {
	if t != nil {
		e.node = at(&ast.FunctionExpr{ParList: params, Stmts: stmts}, line)
		e.node.SetLastLine(last)
	}
}

// names keeps a list of names.
func (t *builder) names(names []string) []string {
	if t == nil {
		return nil
	}
	return slices.Clone(names)
}
