package avescript_test

import (
	"bytes"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"

	"avescript/lualib"
)

// stub is a file with documentation, while it is read.
type stub struct {
	t      *testing.T
	file   string
	lines  []string
	module string // the local that the file returns
	says   api
}

func readStub(t *testing.T, file string) api {
	t.Helper()
	text, err := fs.ReadFile(lualib.Meta, file)
	if err != nil {
		t.Fatal(err)
	}
	chunk, err := parse.Parse(bytes.NewReader(text), file)
	if err != nil {
		t.Fatal(err)
	}
	s := stub{t: t, file: file, lines: strings.Split(string(text), "\n"), says: api{}}
	if result, ok := chunk[len(chunk)-1].(*ast.ReturnStmt); ok && len(result.Exprs) == 1 {
		s.module = identifier(result.Exprs[0])
	}
	for _, stmt := range chunk {
		switch stmt := stmt.(type) {
		case *ast.LocalAssignStmt:
			s.local(stmt)
		case *ast.AssignStmt:
			s.field(stmt)
		case *ast.FuncDefStmt:
			s.function(stmt)
		}
	}
	return s.says
}

func identifier(e ast.Expr) string {
	if ident, ok := e.(*ast.IdentExpr); ok {
		return ident.Value
	}
	return ""
}

var classLine = regexp.MustCompile(`^---@class [\w.]+(?:\s*:\s*([\w.]+))?`)

// local reads "local Profile = {}" below "---@class ave.Profile: ave.Class".
func (s *stub) local(stmt *ast.LocalAssignStmt) {
	comment := s.comment(stmt.Line())
	for _, line := range comment {
		if match := classLine.FindStringSubmatch(line); match != nil {
			parent := match[1][strings.LastIndex(match[1], ".")+1:]
			s.says[stmt.Names[0]] = entry{form: classOf(parent, false), line: stmt.Line()}
			s.explained(stmt.Line(), stmt.Names[0], comment)
		}
	}
}

// field reads "profile.Profile = Profile" and "json.null = nil".
func (s *stub) field(stmt *ast.AssignStmt) {
	target, ok := stmt.Lhs[0].(*ast.AttrGetExpr)
	if !ok || identifier(target.Object) != s.module {
		return
	}
	name := target.Key.(*ast.StringExpr).Value
	if class, ok := s.says[name]; ok && identifier(stmt.Rhs[0]) == name {
		class.form = strings.TrimSuffix(class.form, ", not in the module")
		s.says[name] = class
		return
	}
	s.says[name] = entry{form: value, line: stmt.Line()}
}

var paramLine = regexp.MustCompile(`^---@param (\.\.\.|\w+\??) `)

// function reads a function or method, and its parameters from the comment:
// there it is said which may be left out.
func (s *stub) function(stmt *ast.FuncDefStmt) {
	name := stmt.Name.Method
	if stmt.Name.Receiver != nil {
		name = identifier(stmt.Name.Receiver) + ":" + name
	} else if field, ok := stmt.Name.Func.(*ast.AttrGetExpr); ok {
		name = field.Key.(*ast.StringExpr).Value
		if owner := identifier(field.Object); owner != s.module {
			name = owner + "." + name
		}
	} else {
		name = identifier(stmt.Name.Func) // a global, such as describe
	}
	comment := s.comment(stmt.Line())
	s.explained(stmt.Line(), name, comment)
	var params []string
	for _, line := range comment {
		if match := paramLine.FindStringSubmatch(line); match != nil && match[1] != "self" {
			params = append(params, match[1])
		}
	}
	declared := stmt.Func.ParList.Names
	if stmt.Func.ParList.HasVargs {
		declared = append(declared, "...")
	}
	form := "(" + strings.Join(params, ", ") + ")"
	if plain := "(" + strings.Join(declared, ", ") + ")"; strings.ReplaceAll(form, "?", "") != plain {
		s.t.Errorf("lualib/%s:%d: %s%s has the @param lines %s: write one for each parameter, in their order", s.file, stmt.Line(), name, plain, form)
	}
	s.says[name] = entry{form: form, line: stmt.Line()}
}

// comment is the block of comment lines above a line.
func (s *stub) comment(line int) []string {
	first := line - 1
	for first > 0 && strings.HasPrefix(s.lines[first-1], "---") {
		first--
	}
	return s.lines[first : line-1]
}

func (s *stub) explained(line int, name string, comment []string) {
	if !slices.ContainsFunc(comment, func(line string) bool { return strings.HasPrefix(line, "--- ") }) {
		s.t.Errorf("lualib/%s:%d: nothing is said about %s: write above it what it is for", s.file, line, name)
	}
}
