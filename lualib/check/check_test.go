package check_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"avescript/lualib/check"
)

// found checks files by their names, and gives what is found as lines without the
// directory.
func found(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, source := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(source), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	findings, err := check.Files([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&b, "%s:%d: %s: %s\n", strings.TrimPrefix(f.File, dir+"/"), f.Line, f.Kind, f.Message)
	}
	return b.String()
}

// required is the beginning of sources in which a is ave, and c is ave.cmd.
const required = `local a, c = require("ave"), require("ave.cmd") used = { a, c } `

func TestFindings(t *testing.T) {
	for name, test := range map[string]struct{ source, want string }{
		"syntax":       {"x = 1\ny = = 2", "2: syntax: unexpected symbol near '='"},
		"limits":       {"break", "1: syntax: no loop to break near '<eof>'"},
		"global":       {"\nprnt(1)", "2: global: unknown global 'prnt'; did you mean 'print'?"},
		"ave":          {"ave.cmd.run('x')", `1: global: unknown global 'ave': write local ave = require("ave")`},
		"goto":         {"\nprint(goto)", "2: global: unknown global 'goto'"},
		"module":       {required + "a.cdm.run('x')", "1: field: ave has no 'cdm'; did you mean 'cmd'?"},
		"line":         {required + "print(a\n.cmd\n.rnu)", "3: field: ave.cmd has no 'rnu'; did you mean 'run'?"},
		"class":        {required + "print(a.Control.rcp)", "1: field: Control has no 'rcp'; did you mean 'rpc'?"},
		"method":       {required + "local s = c.spawn('x') s:expct('y')", "1: field: Session has no 'expct'; did you mean 'expect'?"},
		"inherited":    {required + "local s = a.Control{} s:starrt()", "1: field: Control has no 'starrt'; did you mean 'start'?"},
		"library":      {"print(string.fromat('%d', 1))", "1: field: string has no 'fromat'; did you mean 'format'?"},
		"too few":      {required + "c.run()", "1: arguments: ave.cmd.run(cmd, options?): wanted 1 to 2 arguments, got 0"},
		"too many":     {required + "c.run('x', {}, 3)", "1: arguments: ave.cmd.run(cmd, options?): wanted 1 to 2 arguments, got 3"},
		"many and one": {required + "c.run('x', {}, 3, ...)", "1: arguments: ave.cmd.run(cmd, options?): wanted 1 to 2 arguments, got at least 3"},
		"self":         {required + "a.Process.start(a.Process(), {}, 3)", "1: arguments: Process:start(options?): wanted 0 to 1 argument, got 2"},
		"colon":        {required + "c:run('x')", "1: arguments: ave.cmd.run is not a method: write it with a dot, not with a colon"},
		"dot":          {required + "local s = c.spawn('x') s.close()", "1: arguments: Session:close is a method: write it with a colon, not with a dot"},
		"words":        {"describe('x', {}, function() end, 4)", "1: arguments: describe(name, options?, fn): wanted 1 to 3 arguments, got 4"},
		"option":       {required + "c.run('x', {\ntiemout = 1 })", "2: option: ave.cmd.run has no option 'tiemout'; did you mean 'timeout'?"},
		"constructor":  {required + "a.Control { port = 1, athkey = 'x' }", "1: option: Control has no option 'athkey'; did you mean 'authkey'?"},
		"parent":       {required + "a.broker.Broker { port = 1, athkey = 'x' }", "1: option: Broker has no option 'athkey'; did you mean 'authkey'?"},
		"no hint":      {required + "a.fs.read('x', { zzz = 1 })", "1: option: ave.fs.read has no option 'zzz'; valid names are max_size"},
		"unused":       {"local a\nlocal b = 1", "1: unused: local 'a' is never used: remove it, or call it _\n2: unused: local 'b' is never used: remove it, or call it _"},
		"function":     {"local function f() end", "1: unused: local function 'f' is never used: remove it"},
		"written":      {"local a a = 1", "1: unused: local 'a' is assigned and never read: remove it"},
		"shadowed":     {"local a = 1 do local a = 2 print(a) end", "1: unused: local 'a' is never used: remove it, or call it _"},
		"last":         {"local a, b = 1, 2 print(a)", "1: unused: local 'b' is never used: remove it, or call it _"},
	} {
		t.Run(name, func(t *testing.T) {
			want := "x.lua:" + strings.ReplaceAll(test.want, "\n", "\nx.lua:") + "\n"
			if diff := cmp.Diff(want, found(t, map[string]string{"x.lua": test.source})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestSilence has what is right, and what cannot be known to be wrong.
func TestSilence(t *testing.T) {
	for name, source := range map[string]string{
		"defined":            "x = 1 print(x)",
		"defined later":      "local function f() return x end function x() end f()",
		"asked for":          "if jit then print(jit.version) end unpack = unpack or table.unpack",
		"compared":           "print(x == nil, y ~= nil, type(z))",
		"another version":    "if not setfenv then print(debug.upvaluejoin) end",
		"other environment":  "setfenv(1, {}) print(x)",
		"_G":                 "_G.x = 1 print(x)",
		"loaded":             "dofile('y') print(x)",
		"unknown module":     "require('y') print(x)",
		"computed module":    "local r = require r(('y')) print(x)",
		"arg":                "print(arg[0]) local function f(...) return arg end f()",
		"repeat":             "repeat local done = f() until done function f() end",
		"loops":              "for i = 1, 2 do end for k, v in pairs({}) do end",
		"parameters":         "function f(a, b) end",
		"underscore":         "local _, _x = 1, 2",
		"the later one":      "local a, b = pcall(print) print(b)",
		"recursion":          "local function f() return f() end",
		"upvalue":            "local x = 1 function f() return x end",
		"caught":             required + "pcall(function() a.cdm.run() c.run() end) assert.raises('TypeError', function() c.run() end)",
		"caught by name":     required + "pcall(c.run, 'x', { timeout = 1 })",
		"replaced":           required + "local old = c.run c.run = function(...) return old(...) end c.run()",
		"replaced elsewhere": "function f(m) m.extra = 1 end " + required + "print(a, c.extra)",
		"asked field":        required + "print(a.extra and a.extra.x, c)",
		"assigned to":        required + "local s = c.spawn('x') s = a s:expct()",
		"remote":             required + "local r = a.RemoteControl({ '', 1 }) r:anything(1, 2) r.async:other()",
		"subclass":           required + "local E = a.Control:subclass('E') local e = E { anything = 1 } e:other(1)",
		"fields of objects":  required + "local p = a.Process() print(p.anything, c)",
		"profile":            required + "local p = a.Profile { any = 1 } print(p.thing, c)",
		"method by its dot":  required + "local p = a.Process() a.Process.start(p, {})",
		"many values":        required + "c.run(f()) c.run(...) c.run('x', f()) function f() end",
		"options elsewhere":  required + "local o = { tiemout = 1 } c.run('x', o) c.run('x', { [o] = 1 })",
		"curried":            "describe 'x' (function() it('y', { tags = {} })(function() end) end)",
		"hooks":              "before_each(function() end) before_each('x', function() end) setup('x', { timeout = 1 }, function() end)",
		"assertions":         "assert.are.equal(1, 1) assert(1, 2, 3) assert.is_true(true) local s = spy.new(f) function f() end s()",
		"goto":               "local goto = 1 print(goto)",
		"first line":         "#!/usr/bin/env avescript\nprint(1)",
		"comment":            "prnt(1) -- luacheck: ignore",
		"by code":            "prnt(1) -- luacheck: ignore 113\nlocal x -- luacheck: ignore 21.",
		"by name":            "prnt(1) -- luacheck: ignore prnt 113/x",
		"on its own line":    "-- luacheck: ignore 211\nlocal x\nlocal y",
		"in a function":      "function f()\n-- luacheck: ignore\nlocal x\nend",
		"pushed":             "-- luacheck: push ignore\nlocal x\n-- luacheck: pop",
		"globals":            "-- luacheck: globals one two, read globals three\nprint(one, two, three)",
	} {
		t.Run(name, func(t *testing.T) {
			if got := found(t, map[string]string{"x.lua": source}); got != "" {
				t.Errorf("%s\n%s", source, got)
			}
		})
	}
}

func TestCommentsEnd(t *testing.T) {
	for name, source := range map[string]string{
		"line":       "local a -- luacheck: ignore\nlocal x",
		"other code": "local x -- luacheck: ignore 113",
		"other name": "local x -- luacheck: ignore y",
		"function":   "function f()\n-- luacheck: ignore\nlocal a\nend\nlocal x",
		"pop":        "-- luacheck: push\n-- luacheck: ignore\nlocal a\n-- luacheck: pop\nlocal x",
	} {
		t.Run(name, func(t *testing.T) {
			if got := found(t, map[string]string{"x.lua": source}); !strings.Contains(got, "local 'x'") || strings.Contains(got, "local 'a'") {
				t.Errorf("wanted x to be reported alone, got %q", got)
			}
		})
	}
}

func TestGlobalsOfOtherFiles(t *testing.T) {
	got := found(t, map[string]string{
		"helper.lua":     "helped = 1",
		"lib/one.lua":    "require('lib.two')",
		"lib/two.lua":    "require('lib.one')",
		"tests/test.lua": "print(helped, other)",
	})
	if want := "tests/test.lua:1: global: unknown global 'other'\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRequiredModulesAreRead(t *testing.T) {
	dir := t.TempDir()
	for name, source := range map[string]string{
		"main.lua": "require('sub.names')\nprint(set_there, not_set)", "sub/names.lua": "set_there = 1",
	} {
		if err := errorOf(os.MkdirAll(filepath.Join(dir, "sub"), 0o755), os.WriteFile(filepath.Join(dir, name), []byte(source), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	findings, err := check.Files([]string{filepath.Join(dir, "main.lua")})
	if err != nil || len(findings) != 1 || findings[0].Line != 2 || !strings.Contains(findings[0].Message, "not_set") {
		t.Errorf("wanted one finding about not_set, got %v, %v", findings, err)
	}
}

func errorOf(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestOwnCodeIsClean has the checker look at all Lua of the repository.
func TestOwnCodeIsClean(t *testing.T) {
	t.Chdir("../..")
	findings, err := check.Files([]string{"tests", "scripts", "trials", "lualib/lua", "lualib/meta", "lualib/project"})
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := check.WriteText(&text, findings); err != nil || text.Len() > 0 {
		t.Errorf("wanted no findings, got %v\n%s", err, &text)
	}
}
