package avescript_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"avescript/lualib/syntax"
)

// The rules of the repository. A message says what to do.

const (
	longestFile     = 449 // lines
	longestFunction = 40  // lines, under cmd/
)

// files lists the repository's files. What git ignores is not among them.
func files(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		return walk(t) // the sources came without git
	}
	list := strings.Split(strings.Trim(string(out), "\x00"), "\x00")
	return slices.DeleteFunc(list, func(file string) bool {
		info, err := os.Lstat(file)
		return err != nil || !info.Mode().IsRegular() // git still has what was just removed
	})
}

func walk(t *testing.T) (list []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		ignored := d != nil && d.IsDir() && slices.Contains([]string{".git", "bin", "dist"}, file)
		switch {
		case err != nil:
			return err
		case ignored:
			return fs.SkipDir
		case d.Type().IsRegular():
			list = append(list, file)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// sources lists the files with a suffix, without the data of tests, which may
// be wrong on purpose.
func sources(t *testing.T, suffix string) (list []string) {
	t.Helper()
	for _, file := range files(t) {
		if strings.HasSuffix(file, suffix) && !strings.Contains("/"+file, "/testdata/") {
			list = append(list, file)
		}
	}
	if len(list) == 0 {
		t.Fatalf("the repository has no %s files: wanted to run at its root", suffix)
	}
	return list
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func parseGo(t *testing.T, file string, mode parser.Mode) (*token.FileSet, *ast.File) {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, read(t, file), mode)
	if err != nil {
		t.Fatal(err)
	}
	return fset, f
}

func TestCoreKnowsNothingOfLua(t *testing.T) {
	const form = `{{.ImportPath}}{{"\t"}}{{join .Imports "\t"}}`
	out, err := exec.Command("go", "list", "-deps", "-test", "-f", form, "./core/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	variants := regexp.MustCompile(` \[.*?\]`) // of a package, for the tests of another
	reported := map[string]bool{}
	for line := range strings.Lines(variants.ReplaceAllString(string(out), "")) {
		packages := strings.Split(strings.TrimSpace(line), "\t")
		for _, imported := range packages[1:] {
			if isLua(packages[0]) || !isLua(imported) || reported[packages[0]+imported] {
				continue
			}
			reported[packages[0]+imported] = true
			t.Errorf("%s, which is part of core/ or needed there, imports %s: a Go program must be able to use core without Lua; what binds it belongs to lualib/",
				packages[0], imported)
		}
	}
}

func isLua(pkg string) bool {
	return strings.HasPrefix(pkg+"/", "github.com/yuin/gopher-lua/") || strings.HasPrefix(pkg+"/", "avescript/lualib/")
}

func TestCommandsHoldNoLogic(t *testing.T) {
	for _, file := range sources(t, ".go") {
		if !strings.HasPrefix(file, "cmd/") || strings.HasSuffix(file, "_test.go") {
			continue
		}
		fset, f := parseGo(t, file, 0)
		for _, spec := range f.Imports {
			if imported, _ := strconv.Unquote(spec.Path.Value); !mayCommandImport(imported) {
				t.Errorf("%s imports %s: a command may use cobra, the standard library and avescript; move what needs more to core/ or lualib/", file, imported)
			}
		}
		for _, name := range exportedNames(f) {
			t.Errorf("%s exports %s: nobody can import a command; make it private, or move it to core/ or lualib/", file, name)
		}
		for _, decl := range f.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := fset.Position(fn.End()).Line - fset.Position(fn.Pos()).Line + 1; n > longestFunction {
				t.Errorf("%s: %s has %d lines, wanted at most %d: its logic belongs to core/ or lualib/", file, fn.Name, n, longestFunction)
			}
		}
	}
}

func mayCommandImport(pkg string) bool {
	first, _, _ := strings.Cut(pkg, "/")
	return !strings.Contains(first, ".") || pkg == "github.com/spf13/cobra" || pkg == "github.com/spf13/pflag"
}

// exportedNames are those that a file declares, without methods, which
// interfaces ask for.
func exportedNames(f *ast.File) (names []string) {
	for _, decl := range f.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if decl.Recv == nil && decl.Name.IsExported() {
				names = append(names, decl.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				names = append(names, exportedInSpec(spec)...)
			}
		}
	}
	return names
}

func exportedInSpec(spec ast.Spec) (names []string) {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		if spec.Name.IsExported() {
			names = append(names, spec.Name.Name)
		}
	case *ast.ValueSpec:
		for _, name := range spec.Names {
			if name.IsExported() {
				names = append(names, name.Name)
			}
		}
	}
	return names
}

func TestEveryDirectoryHasOnePackageComment(t *testing.T) {
	directories := map[string][]string{}
	for _, file := range sources(t, ".go") {
		directories[path.Dir(file)] = append(directories[path.Dir(file)], file)
	}
	for dir, list := range directories {
		commented := slices.DeleteFunc(list, func(file string) bool { return packageComment(t, file) == "" })
		switch {
		case len(commented) == 0:
			t.Errorf("%s: no file says what the package is; write a comment above the package clause of its main file", dir)
		case len(commented) > 1:
			t.Errorf("%s: wanted one file with a package comment, got %s; what is right above a package clause is one, so put anything else below the clause",
				dir, strings.Join(commented, ", "))
		}
	}
}

// packageComment gives the comment of the package in a file, and sees to its
// beginning.
func packageComment(t *testing.T, file string) string {
	t.Helper()
	_, f := parseGo(t, file, parser.PackageClauseOnly|parser.ParseComments)
	want := "Package " + f.Name.Name + " "
	if f.Name.Name == "main" {
		want = "Command " + path.Base(path.Dir(file)) + " "
	}
	if text := f.Doc.Text(); text != "" && !strings.HasPrefix(text, want) {
		t.Errorf("%s: the comment above the package clause must begin with %q; put what is not about the package below the clause", file, want)
	}
	return f.Doc.Text()
}

func TestFilesAreShort(t *testing.T) {
	for _, file := range append(sources(t, ".go"), sources(t, ".lua")...) {
		if strings.HasPrefix(file, "lualib/meta/") {
			continue // a module has one stub
		}
		if n := bytes.Count(read(t, file), []byte("\n")); n > longestFile && !strings.HasSuffix(file, "_test.go") {
			t.Errorf("%s has %d lines, wanted at most %d: split it, by noun", file, n, longestFile)
		}
	}
}

func TestLuaCompiles(t *testing.T) {
	for _, file := range sources(t, ".lua") {
		if _, err := syntax.Compile(read(t, file), file); err != nil {
			t.Errorf("%v: mend it; what is wrong on purpose belongs to a testdata directory", err)
		}
	}
}

// luaText is a comment or string in Lua. Lines in long brackets may begin as they like.
var luaText = regexp.MustCompile(`(?s)(?:--)?\[\[.*?\]\]|(?:--)?\[=\[.*?\]=\]|--[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'`)

func TestLuaIsIndentedByTabs(t *testing.T) {
	for _, file := range sources(t, ".lua") {
		code := luaText.ReplaceAllFunc(read(t, file), func(text []byte) []byte {
			return []byte("." + strings.Repeat("\n", bytes.Count(text, []byte("\n"))) + ".")
		})
		for i, line := range strings.Split(string(code), "\n") {
			if indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]; strings.Contains(indent, " ") {
				t.Errorf("%s:%d: indented by spaces, wanted tabs, as .editorconfig says", file, i+1)
				break
			}
		}
	}
}

// foreign is what stands in a file by mistake, because it means something on
// one machine alone.
var foreign = []*regexp.Regexp{
	regexp.MustCompile(`(?:^|[^\w.~*-])(/(?:work|root)/)`),
	regexp.MustCompile(`\b((?:proxy|sum)\.golang\.org|registry\.npmjs\.org|pypi\.org)\b`),
}

func TestFilesNameNoMachine(t *testing.T) {
	for _, file := range files(t) {
		if file == "rules_test.go" {
			continue // has them above
		}
		text := read(t, file)
		for _, pattern := range foreign {
			if at := pattern.FindSubmatchIndex(text); at != nil {
				line := bytes.Count(text[:at[2]], []byte("\n")) + 1
				t.Errorf("%s:%d: %q belongs to the machine that the file was written on; name no path or host of it", file, line, text[at[2]:at[3]])
			}
		}
	}
}
