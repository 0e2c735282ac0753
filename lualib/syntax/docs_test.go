package syntax_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"avescript/lualib/syntax"
)

func TestDocs(t *testing.T) {
	for name, test := range map[string]struct {
		source string
		want   map[int]string
	}{
		"assignment":       {"-- A\nE.a = rpc(function(self) end)", map[int]string{2: "A"}},
		"definition":       {"x = 1\n-- A\nfunction E:a() end\n-- B\nlocal function b() end", map[int]string{3: "A", 5: "B"}},
		"several lines":    {"-- A\n--   b\n--\n-- c  \nfunction a() end", map[int]string{5: "A\n  b\n\nc"}},
		"frame":            {"--------\n-- A\n--------\nfunction a() end", map[int]string{4: "A"}},
		"three dashes":     {"--- A\n---@param x integer\n--- @return b\n---b\nfunction a(x) end", map[int]string{5: "A\nb"}},
		"annotations":      {"---@param x integer\nfunction a(x) end", map[int]string{2: ""}},
		"at sign":          {"-- @home\nfunction a() end", map[int]string{2: "@home"}},
		"none":             {"function a() end", map[int]string{1: ""}},
		"blank line":       {"-- A\n\nfunction a() end", map[int]string{3: ""}},
		"part":             {"-- A\n\n-- B\nfunction a() end", map[int]string{4: "B"}},
		"of the one above": {"a = 1 -- A\nb = function() end", map[int]string{2: ""}},
		"beside it":        {"a = function() -- A\nend", map[int]string{1: ""}},
		"wrappers":         {"-- A\nE.a = C.rpc( -- B\n\t-- C\n\tC.preauth('x')(\n\t\t-- D\n\t\tfunction(self)\nend))", map[int]string{6: "A"}},
		"call of a call":   {"f()\n-- A\nE.a = C.preauth(pick(function()\nx() end))(\nfunction() end)", map[int]string{3: "A", 5: "A"}},
		"second value":     {"-- A\nE.a, E.b = function() g() end,\n-- B\nfunction() end", map[int]string{2: "A", 4: "A"}},
		"operators":        {"-- A\nE.a = x and y == 1 or\n-- B\nfunction() end", map[int]string{4: "A"}},
		"inside":           {"-- A\nfunction a()\n-- B\nreturn function() end\nend", map[int]string{2: "A", 4: "B"}},
		"one line":         {"-- A\nfunction a() return function() end end b = function() end", map[int]string{2: "A"}},
		"blocks": {"if x then\n-- A\nE.a = function() end\nelse\n-- B\nE.b = function() end\nend\nfor i = 1, 2 do\n-- C\nE[i] = function() end\nend" +
			"\nrepeat\n-- D\nE.d = function() end\nuntil x\nwhile f(function() end) do\n-- E\nE.e = function() end end",
			map[int]string{3: "A", 6: "B", 10: "C", 14: "D", 16: "", 18: "E"}},
		"table": {"-- T\nlocal t = {\n-- A\na = function() end,\n-- B\n['b'] = rpc(function() end);\n-- C\nfunction() end }",
			map[int]string{4: "A", 6: "B", 8: "C"}},
		"long comment":     {"--[[\n-- A\n]]\nfunction a() end", map[int]string{4: ""}},
		"long on one line": {"--[[ A ]]\nfunction a() end", map[int]string{2: ""}},
		"within a string":  {"s = [[\n-- A]]\nfunction a() end", map[int]string{3: ""}},
		"below a string":   {"s = [[\n-- A\n]]\n-- B\nfunction a() end", map[int]string{5: "B"}},
		"ends of lines":    {"-- A\r\n-- B\r\nfunction a() end", map[int]string{3: "A\nB"}},
		"first line":       {"#!/usr/bin/env avescript\n-- A\nfunction a() end", map[int]string{3: "A"}},
		"semicolon":        {"f();\n-- A\nE.a = function() end", map[int]string{3: "A"}},
		"after return":     {"-- A\nreturn\n-- B\nfunction() end", map[int]string{4: "A"}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := syntax.Compile([]byte(test.source), "source"); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, syntax.Docs([]byte(test.source))); diff != "" {
				t.Errorf("%s\n%s", test.source, diff)
			}
		})
	}
}
