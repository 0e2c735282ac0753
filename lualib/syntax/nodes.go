package syntax

import "github.com/yuin/gopher-lua/ast"

// This file has the nodes of statements.

// append adds a statement to those of a block.
func (t *builder) append(stmts []ast.Stmt, stmt ast.Stmt) []ast.Stmt {
	if t == nil {
		return nil
	}
	return append(stmts, stmt)
}

func (t *builder) do(stmts []ast.Stmt, line int) ast.Stmt {
	if t == nil {
		return nil
	}
	return at(&ast.DoBlockStmt{Stmts: stmts}, line)
}

func (t *builder) leave(line int) ast.Stmt {
	if t == nil {
		return nil
	}
	return at(&ast.BreakStmt{}, line)
}

// branches makes an if statement of the conditions, their blocks, and the last block.
func (t *builder) branches(conditions []ast.Expr, blocks [][]ast.Stmt, rest []ast.Stmt) ast.Stmt {
	if t == nil {
		return nil
	}
	for i := len(conditions) - 1; ; i-- {
		node := at(&ast.IfStmt{Condition: conditions[i], Then: blocks[i], Else: rest}, conditions[i].Line())
		if i == 0 {
			return node
		}
		rest = []ast.Stmt{node}
	}
}

func (t *builder) while(condition ast.Expr, stmts []ast.Stmt, line int) ast.Stmt {
	if t == nil {
		return nil
	}
	return at(&ast.WhileStmt{Condition: condition, Stmts: stmts}, line)
}

func (t *builder) repeat(stmts []ast.Stmt, condition ast.Expr, line int) ast.Stmt {
	if t == nil {
		return nil
	}
	return at(&ast.RepeatStmt{Condition: condition, Stmts: stmts}, line)
}

func (t *builder) numericFor(name string, bounds [3]ast.Expr, stmts []ast.Stmt, line int) ast.Stmt {
	if t == nil {
		return nil
	}
	return at(&ast.NumberForStmt{Name: name, Init: bounds[0], Limit: bounds[1], Step: bounds[2], Stmts: stmts}, line)
}

func (t *builder) genericFor(names []string, values []ast.Expr, stmts []ast.Stmt, line int) ast.Stmt {
	if t == nil {
		return nil
	}
	return at(&ast.GenericForStmt{Names: names, Exprs: values, Stmts: stmts}, line)
}

// definition is "function target() end", or "function receiver:method() end".
func (t *builder) definition(target, receiver ast.Expr, method string, body *expr, line int) ast.Stmt {
	if t == nil {
		return nil
	}
	name := &ast.FuncName{Func: target}
	if method != "" {
		name = &ast.FuncName{Receiver: receiver, Method: method}
	}
	return at(&ast.FuncDefStmt{Name: name, Func: body.node.(*ast.FunctionExpr)}, line)
}

func (t *builder) localFunction(name string, body *expr, line, last int) ast.Stmt {
	if t == nil {
		return nil
	}
	node := at(&ast.LocalAssignStmt{Names: []string{name}, Exprs: []ast.Expr{body.node}}, line)
	node.SetLastLine(last)
	return node
}

func (t *builder) local(names []string, values []ast.Expr, line int) ast.Stmt {
	if t == nil {
		return nil
	}
	return at(&ast.LocalAssignStmt{Names: names, Exprs: values}, line)
}

func (t *builder) assignment(targets []expr, values []ast.Expr, line int) ast.Stmt {
	if t == nil {
		return nil
	}
	node := at(&ast.AssignStmt{Rhs: values}, line)
	for _, target := range targets {
		node.Lhs = append(node.Lhs, target.node)
	}
	return node
}

func (t *builder) callStatement(e *expr, line int) ast.Stmt {
	if t == nil {
		return nil
	}
	return at(&ast.FuncCallStmt{Expr: e.node}, line)
}

func (t *builder) result(values []ast.Expr, line int) ast.Stmt {
	if t == nil {
		return nil
	}
	return at(&ast.ReturnStmt{Exprs: values}, line)
}

func (t *builder) label(name string, line int) ast.Stmt {
	if t == nil {
		return nil
	}
	return at(&ast.LabelStmt{Name: name}, line)
}

func (t *builder) jump(name string, line int) ast.Stmt {
	if t == nil {
		return nil
	}
	return at(&ast.GotoStmt{Label: name}, line)
}
