// Package check finds mistakes in Lua files without running them: syntax errors,
// globals, fields and options that do not exist, calls with the wrong number of
// arguments, and unused locals.
//
// It compares with what an interpreter has and what the stubs say. Reports must be
// true, so everything uncertain is accepted: variables that were assigned to,
// classes of the script, and code whose errors are caught.
package check

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"avescript/core/harness/plan"
	"avescript/lualib/syntax"
)

// Kind is what a finding is about.
type Kind string

// The kinds of findings.
const (
	Syntax    Kind = "syntax"
	Global    Kind = "global"    // one that does not exist
	Field     Kind = "field"     // of a module or class
	Arguments Kind = "arguments" // too few or too many
	Option    Kind = "option"
	Unused    Kind = "unused"
)

// code returns luacheck's number for the same kind, or "".
func (k Kind) code() string {
	return map[Kind]string{Syntax: "011", Global: "113", Field: "143", Unused: "211"}[k]
}

// Finding is a mistake.
type Finding struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Kind    Kind   `json:"kind"`
	Message string `json:"message"`

	name string // the name that it is about
}

// Files checks files, and the Lua files in directories. A global that one of them
// sets is known in all.
func Files(paths []string) ([]Finding, error) {
	var list []string
	for _, path := range paths {
		files, err := plan.Search(path, func(name string) bool { return strings.HasSuffix(name, ".lua") })
		if err != nil {
			return nil, err
		}
		list = append(list, files...)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no Lua files in %s: their names must end in .lua", strings.Join(paths, ", "))
	}
	slices.Sort(list)
	c := &checker{world: theWorld(), shared: map[string]bool{}, modules: map[string]*module{}}
	var files []*file
	for _, path := range slices.Compact(list) {
		f, err := c.read(path)
		if err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", path, cause(err))
		}
		files = append(files, f)
	}
	findings := []Finding{}
	for _, f := range files {
		findings = append(findings, f.check()...)
	}
	return findings, nil
}

// cause returns an error without the path, which its message has already.
func cause(err error) error {
	if of, ok := errors.AsType[*fs.PathError](err); ok {
		return of.Err
	}
	return err
}

// checker checks files that share their globals and modules.
type checker struct {
	world
	shared  map[string]bool    // the globals that the files set
	modules map[string]*module // modules that the files require, by path
}

// file is a file that is checked.
type file struct {
	*checker
	*names  // nil if it does not compile
	path    string
	off     []ignored
	allowed map[string]bool // the globals that it may use in addition to the interpreter's
	open    bool            // it may use other globals too
	patched map[string]bool // the entries of the manual that it replaces
	extra   map[string]bool // fields that anything may have; "" stands for all

	findings []Finding
}

// read reads a file. If it does not compile, this is its only finding.
func (c *checker) read(path string) (*file, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f := &file{checker: c, path: path, patched: map[string]bool{}, extra: map[string]bool{}}
	f.names, err = parse(source, path)
	var wrong *syntax.Error
	switch {
	case errors.As(err, &wrong):
		f.findings = []Finding{{path, wrong.Line, Syntax, wrong.Message, ""}}
		return f, nil
	case err != nil:
		return nil, err
	}
	f.off, f.allowed = readComments(string(source), f.names)
	f.open = !c.reach(path, f.names, f.allowed)
	maps.Copy(c.shared, f.defined)
	return f, nil
}

func parse(source []byte, path string) (*names, error) {
	tree, err := syntax.Parse(source, path)
	if err != nil {
		return nil, err
	}
	return findNames(tree), nil
}

// found adds a finding about a name.
func (f *file) found(line int, kind Kind, name, format string, args ...any) {
	f.findings = append(f.findings, Finding{f.path, line, kind, fmt.Sprintf(format, args...), name})
}

// check returns the findings in the file, sorted by line.
func (f *file) check() []Finding {
	if f.names == nil {
		return f.findings
	}
	f.learn()
	for _, g := range f.globals {
		if !g.guarded {
			f.checkGlobal(g.expr)
		}
	}
	for _, field := range f.fields {
		if !field.guarded {
			f.checkField(field.expr.Object, keyOf(field.expr), field.expr.Key.Line(), false)
			f.checkLibrary(field.expr)
		}
	}
	for _, call := range f.calls {
		if call.guarded {
			continue
		}
		if call.Receiver != nil {
			f.checkField(call.Receiver, call.Method, call.Line(), true)
		}
		f.checkCall(call.FuncCallExpr)
	}
	for _, v := range f.variables {
		f.checkUse(v)
	}
	f.findings = slices.DeleteFunc(f.findings, func(found Finding) bool {
		return slices.ContainsFunc(f.off, func(i ignored) bool { return i.covers(found) })
	})
	slices.SortStableFunc(f.findings, func(a, b Finding) int { return a.Line - b.Line })
	return f.findings
}

// learn finds out what the file replaces or adds, and which names it treats as
// possibly absent: these may exist in another version or another file.
func (f *file) learn() {
	for _, target := range f.assigned {
		f.extra[keyOf(target)] = true
		if owner, ok := f.thing(target.Object); ok {
			if member, ok := owner.member(keyOf(target)); ok {
				f.patched[member.Name] = true
			}
		}
	}
	for _, field := range f.fields {
		if field.lenient {
			f.extra[keyOf(field.expr)] = true
		}
	}
	for _, g := range f.globals {
		if g.lenient {
			f.allowed[g.expr.Value] = true
		}
	}
}

// keyOf returns the name of a field, or "" if it is computed.
func keyOf(e *ast.AttrGetExpr) string {
	if key, named := e.Key.(*ast.StringExpr); named {
		return key.Value
	}
	return ""
}
