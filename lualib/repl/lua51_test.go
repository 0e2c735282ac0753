package repl

import (
	"context"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/vm"
)

// TestSignaturesOfLua51 compares the list of signatures with what there is.
func TestSignaturesOfLua51(t *testing.T) {
	v := vm.New(vm.Stdio{})
	defer v.Close()
	there := map[string]bool{}
	collect := func(prefix string, value lua.LValue) {
		value.(*lua.LTable).ForEach(func(key, value lua.LValue) {
			if value.Type() == lua.LTFunction && !strings.HasPrefix(key.String(), "__") {
				there[prefix+key.String()] = true
			}
		})
	}
	err := v.Do(context.Background(), func(L *lua.LState) error {
		collect("", v.Globals())
		for _, library := range libraries {
			collect(library+".", v.Globals().RawGetString(library))
		}
		stdout := v.Globals().RawGetString("io").(*lua.LTable).RawGetString("stdout")
		collect("file:", L.GetMetatable(stdout))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range there {
		if _, ok := lua51Signatures()[name]; !ok {
			t.Errorf("lua51.txt does not have %s: add it", name)
		}
	}
	for name := range lua51Signatures() {
		if !there[name] {
			t.Errorf("lua51.txt has %s, which does not exist: remove it", name)
		}
	}
}

func TestPlaces(t *testing.T) {
	for source, want := range map[string]string{
		"":                      "variable ",
		"pri":                   "variable pri",
		"ave.":                  "field ave.",
		"ave.cmd.ru":            "field ave.cmd.ru",
		"x = session:ex":        "method session:ex",
		"a.b:c.":                "nothing",
		`"text":up`:             `method "text":up`,
		"f():x":                 "nothing",
		"{}.x":                  "nothing",
		"1.5":                   "nothing",
		"a .. b":                "variable b",
		"-- x":                  "nothing",
		"--[[ x\ny":             "nothing",
		"-- x\ny":               "variable y",
		"[[ x":                  "nothing",
		`require "ave.`:         "module ave.",
		`require("x`:            "module x",
		`x.require "ave.`:       "nothing",
		`"/etc/ho`:              "fileName /etc/.ho",
		`"word`:                 "nothing",
		"local na":              "nothing",
		"for na":                "nothing",
		"local function na":     "nothing",
		"function na":           "variable na",
		"local x = na":          "variable na",
		"function a.b":          "field a.b",
		"return function(x) na": "variable na",
	} {
		names := []string{"nothing", "variable", "field", "method", "module", "fileName"}
		p := placeOf(source)
		got := names[p.wish]
		if p.wish != nothing {
			got += " " + p.name()
		}
		if got != want {
			t.Errorf("%q: wanted %s, got %s", source, want, got)
		}
	}
}

func TestCalls(t *testing.T) {
	type result struct {
		name    string
		arg     int
		inTable bool
	}
	for source, want := range map[string]result{
		"f(":                          {"f", 0, false},
		"f(1, 2, ":                    {"f", 2, false},
		"f(1, {2, 3}, ":               {"f", 2, false},
		"f(1, g(2, ":                  {"g", 1, false},
		"f(1, (2 + ":                  {"f", 1, false},
		"f(1, t[":                     {"f", 1, false},
		"a.b:c(1, { x = 1, ":          {"a.b:c", 1, true},
		"f{ x = 1, ":                  {"f", 0, true},
		"f(function(a, b) x() end, ":  {"f", 1, false},
		"f(1, ',', \"(\", --[[ ( ]] ": {"f", 3, false},
		"f()":                         {},
		"function f(a, ":              {},
		"f(function(a) ":              {},
		"(1 + ":                       {},
		"f(1) g":                      {},
	} {
		c, ok := callOf(source)
		got := result{}
		if ok {
			got = result{c.name(), c.arg, c.inTable}
		}
		if got != want {
			t.Errorf("%q: wanted %v, got %v", source, want, got)
		}
	}
}

func TestIndent(t *testing.T) {
	for source, want := range map[string]int{
		"x = 1\n|":                               0,
		"if a then\n|":                           1,
		"if a then\n|end":                        0,
		"if a then\n\tx()\n|else":                0,
		"if a then\n\tx()\nelse\n|":              1,
		"if a then\nelseif b then\n|":            1,
		"f(function()\n|":                        1,
		"f(function()\n|end)":                    0,
		"f({\n\ta = function()\n|":               2,
		"repeat\n|until":                         0,
		"x = [[\n|":                              0,
		"for i = 1, 2 do if a then\n|":           1,
		"while x do\n\tif y then\n\t\tz()\n|end": 1,
		"-- if a then\n|":                        0,
		"end end end\n|":                         0,
	} {
		before, line, _ := strings.Cut(source, "|")
		if got := indent(before, line); got != strings.Repeat("\t", want) {
			t.Errorf("%q: wanted %d steps, got %q", source, want, got)
		}
	}
}
