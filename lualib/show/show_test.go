package show_test

import (
	"context"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib"
	"avescript/lualib/bind"
	"avescript/lualib/show"
	"avescript/lualib/vm"
)

// shown is what a printer shows of the values of expressions, and whether it has left out
// something.
func shown(t *testing.T, code string, change func(p *show.Printer)) (text string, cut bool) {
	t.Helper()
	v := lualib.New(vm.Stdio{})
	defer v.Close()
	fn, err := v.Load([]byte("return "+code), "test.lua")
	if err != nil {
		t.Fatalf("%s: %v", code, err)
	}
	p := show.New(v, 76)
	if change != nil {
		change(p)
	}
	err = v.Do(context.Background(), func(L *lua.LState) error {
		L.Push(fn)
		L.Call(0, lua.MultRet)
		var values []lua.LValue
		for i := 1; i <= L.GetTop(); i++ {
			values = append(values, L.Get(i))
		}
		text, cut = p.Values(L, values)
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %v", code, err)
	}
	return text, cut
}

func wants(t *testing.T, code, want string, change func(p *show.Printer)) {
	t.Helper()
	if got, _ := shown(t, code, change); got != want {
		t.Errorf("%s: wanted\n%s\ngot\n%s", code, want, got)
	}
}

func columns(n int) func(p *show.Printer) { return func(p *show.Printer) { p.Width = n } }
func whole(p *show.Printer)               { p.Whole = true }

func TestValues(t *testing.T) {
	for code, want := range map[string]string{
		``:                         ``,
		`nil`:                      `nil`,
		`1, 1.5, 1/0, 2^53`:        "1\t1.5\tinf\t9.007199254741e+15",
		`"\0\n\t\"\\\200é\27[m"`:   `"\000\n\t\"\\\200é\027[m"`,
		`{}`:                       `{}`,
		`{{}, {{}}}`:               `{ {}, { {} } }`,
		`{1, nil, 3}`:              `{ 1, [3] = 3 }`,
		`{[3]=3, [-1]=1, [1.5]=2}`: `{ [-1] = 1, [1.5] = 2, [3] = 3 }`,
		`{["end"]=1, ["a b"]=2}`:   `{ ["a b"] = 2, ["end"] = 1 }`,
		`{[true]=1, x=2, [{}]=3}`:  `{ x = 2, [true] = 1, [{}] = 3 }`,
		`{{{{{{1}}}}}}`:            `{ { { { { {…} } } } } }`,
		`print`:                    `function in Go`,
		`function(a, ...) end`:     `function (a, ...)  test.lua:1`,
		`{f = function(a) end}`:    `{ f = function(a) test.lua:1 }`,
		`(function() local t = {} t.t = t return t end)()`: `{ t = {<cycle>} }`,
		`(function() local t = {} return {t, t} end)()`:    `{ {}, {} }`,
		`{1, {2}}, "x"`: "{ 1, { 2 } }\t\"x\"",
		`{aaaaaaaaaaaaaaaaaaaaaaa=1, bbbbbbbbbbbbbbbbbbbbbbbbbb={1, 2}, cccccccccccccccccccccccc=3}`: `{
  aaaaaaaaaaaaaaaaaaaaaaa = 1,
  bbbbbbbbbbbbbbbbbbbbbbbbbb = { 1, 2 },
  cccccccccccccccccccccccc = 3
}`,
	} {
		wants(t, code, want, nil)
	}
}

// TestWidth counts what is around a table, and wide characters as two columns.
func TestWidth(t *testing.T) {
	wants(t, `{"123456", "12"}`, `{ "123456", "12" }`, columns(18))
	wants(t, `{"123456", "12"}`, "{\n  \"123456\",\n  \"12\"\n}", columns(17))
	wants(t, `{"名前名", "12"}`, `{ "名前名", "12" }`, columns(18))
	wants(t, `{"名前名", "12"}`, "{\n  \"名前名\",\n  \"12\"\n}", columns(17))
	wants(t, `{key = {1, 2, 3}, x = 1}`, "{\n  key = { 1, 2, 3 },\n  x = 1\n}", columns(20))
	wants(t, `{key = {1, 2, 3}, x = 1}`, "{\n  key = {\n    1,\n    2,\n    3\n  },\n  x = 1\n}", columns(19))
}

func TestLongListsHaveColumns(t *testing.T) {
	wants(t, `{1, 20, 300, 4, 5, 6, 7, x = {}}`, "{\n    1,  20, 300,\n    4,   5,   6,\n    7,\n  x = {}\n}", columns(17))
	wants(t, `{"a", "bc", "d", "e", "f", "g", "h"}`, "{\n  \"a\",  \"bc\",\n  \"d\",  \"e\",\n  \"f\",  \"g\",\n  \"h\"\n}", columns(16))
}

func TestCut(t *testing.T) {
	list := func(entry, n string) string {
		return `(function() local t = {} for i = 1, ` + n + ` do t[i] = ` + entry + ` end return t end)()`
	}
	for code, ends := range map[string]string{
		list(`i`, "250"): "… and 150 more\n}",
		`{deep = ` + list(`{x = {i}, ("y"):rep(9)}`, "30") + `}`:          "… and 10 more\n  }\n}",
		`{deep = {deep = ` + list(`{x = {i}, ("y"):rep(9)}`, "30") + `}}`: "… and 20 more\n    }\n  }\n}",
		`{("x"):rep(600)}`:     `"… (600 bytes)` + "\n}",
		`("x"):rep(100000)`:    `x"… (100000 bytes)`,
		`{{{{{{deep = 1}}}}}}`: `{…} } } } } }`,
	} {
		got, cut := shown(t, code, nil)
		if !strings.HasSuffix(got, ends) || !cut {
			t.Errorf("%s: wanted the end %q and that it was cut, got %v and\n%s", code, ends, cut, got)
		}
		got, cut = shown(t, code, whole)
		if strings.Contains(got, "…") || cut {
			t.Errorf("%s: wanted all of it, got %v and\n%s", code, cut, got)
		}
	}
	if _, cut := shown(t, list(`i`, "100"), nil); cut {
		t.Error("100 entries are not cut")
	}
}

// TestEnd has tables that are in each other so often that all of it has no end.
func TestEnd(t *testing.T) {
	const doubled = `(function() local t = {} for _ = 1, 60 do t = {t, t} end return t end)()`
	if got, cut := shown(t, doubled, nil); !cut || len(got) > 1<<20 {
		t.Errorf("wanted a part, got %d bytes", len(got))
	}
	if _, cut := shown(t, doubled, whole); !cut {
		t.Error("wanted that not all is shown")
	}
}

func TestRows(t *testing.T) {
	for code, want := range map[string]string{
		`{{id = 7, name = "x", b = true}, {id = 12, name = "名前", b = false}}`: strings.Join([]string{
			"   id  name  b",
			"1   7  x     true",
			"2  12  名前  false"}, "\n"),
		// What could be taken for something else has quotes, and what is missing is blank.
		`{{a = "1", b = "true"}, {a = "", b = "x y"}, {a = "l\n", b = 5}, {a = "z"}}`: strings.Join([]string{
			`   a      b`,
			`1  "1"    "true"`,
			`2  ""     x y`,
			`3  "l\n"  5`,
			`4  z`}, "\n"),
		`{phone = {state = "free", n = 1}, tablet = {state = "taken", n = 20}}`: strings.Join([]string{
			"         n  state",
			"phone    1  free",
			"tablet  20  taken"}, "\n"),
		`{{at = {"10.0.0.1", 80}, p = {x = 1}}, {at = {}, p = {{n = 1}, {n = 2}}}}`: strings.Join([]string{
			"   at            p",
			"1  10.0.0.1, 80  x=1",
			"2                {n=1}, {n=2}"}, "\n"),
	} {
		wants(t, code, want, nil)
	}
}

func TestWhatIsNoTableOfRows(t *testing.T) {
	for _, code := range []string{
		`{{a = 1, b = 2}}`,                        // one row
		`{{a = 1}, {a = 2}}`,                      // one column
		`{{a = 1, b = 2}, {c = 1, d = 2}}`,        // not alike
		`{{a = 1, b = 2}, {a = 1, [2] = 2}}`,      // no names
		`{{a = 1, b = 2}, {a = 1, b = 2}, n = 2}`, // something else beside them
		`{{a = 1, b = {{{}}}}, {a = 1, b = {}}}`,  // deep values
		`{{a = 1, b = 2}, setmetatable({a = 1, b = 2}, {__tostring = function() return "{" end})}`,
	} {
		if got, _ := shown(t, code, nil); !strings.HasPrefix(got, "{") {
			t.Errorf("%s: wanted the usual form, got\n%s", code, got)
		}
	}
}

func TestRowsInATable(t *testing.T) {
	wants(t, `{list = {{a = 1, b = "x"}, {a = 2, b = "y"}}, n = "long enough"}`, strings.Join([]string{
		"{",
		"  list = {",
		"       a  b",
		"    1  1  x",
		"    2  2  y",
		"  },",
		`  n = "long enough"`,
		"}"}, "\n"), columns(25))
}

func TestRowsAreCut(t *testing.T) {
	wide := `{{name = "a", text = ("long "):rep(20) .. "end", x = 1}, {name = "b", text = "", x = 2}}`
	wants(t, wide, strings.Join([]string{
		"   name  text                   x",
		"1  a     long long long long …  1",
		`2  b     ""                     2`}, "\n"), columns(33))
	wants(t, wide, strings.Join([]string{
		"   name  text",
		"1  a     long long…",
		`2  b     ""`,
		"… and the columns x"}, "\n"), columns(19))
	wants(t, `{{a = "long enough", b = 1}, {a = "x", b = 2}}`, "{\n  {\n    a = \"long enough\",\n    b = 1\n  },\n  {\n    a = \"x\",\n    b = 2\n  }\n}", columns(10))
	wants(t, `{{a = "a long text", n = 1234567890, o = 1}, {a = "x", n = 1, o = 2}}`, strings.Join([]string{
		"   a                   n",
		"1  a long t…  1234567890",
		"2  x                   1",
		"… and the columns o"}, "\n"), columns(24))
	got, cut := shown(t, wide, whole)
	if strings.Contains(got, "…") || cut || !strings.HasPrefix(got, "{\n  {\n") {
		t.Errorf("wanted all of it in the usual form, since a row has no room, got\n%s", got)
	}

	many := `(function() local t = {} for i = 1, 130 do t[i] = {a = i, b = i} end return t end)()`
	got, _ = shown(t, many, nil)
	if !strings.HasSuffix(got, "\n100  100  100\n… and 30 more rows") {
		t.Errorf("wanted 100 rows and the number of the others, got\n%s", got)
	}
	got, cut = shown(t, many, whole)
	if !strings.HasSuffix(got, "\n130  130  130") || cut {
		t.Errorf("wanted all rows, got\n%s", got)
	}
}

func TestColors(t *testing.T) {
	color := func(p *show.Printer) { p.Color = true }
	wants(t, `{1, "x", k = true}`, "{ \x1b[36m1\x1b[0m, \x1b[32m\"x\"\x1b[0m, \x1b[94mk\x1b[0m = \x1b[35mtrue\x1b[0m }", color)
	wants(t, `{1, 2, 3, 4}`, "{ \x1b[36m1\x1b[0m, \x1b[36m2\x1b[0m, \x1b[36m3\x1b[0m, \x1b[36m4\x1b[0m }", func(p *show.Printer) {
		p.Color, p.Width = true, 14 // styles take no columns
	})
}

func TestToString(t *testing.T) {
	for code, want := range map[string]string{
		`setmetatable({}, {__tostring = function() return "mine" end})`:                         `mine`,
		`{setmetatable({}, {__tostring = function() return "two\nlines" end})}`:                 "{\n  two\n      lines\n}",
		`setmetatable({x = 1}, {__tostring = function() error("boom") end})`:                    `{ x = 1 } (its __tostring failed: test.lua:1: boom)`,
		`{1, setmetatable({}, {__tostring = function() error({}) end})}`:                        `{ 1, {} (its __tostring failed: (error object is a table value)) }`,
		`setmetatable({x = 1}, {__index = function() error("called") end, __len = error})`:      `{ x = 1 }`,
		`setmetatable({}, {__tostring = function() return "\27[2J" end})`:                       `\x1b[2J`,
		`{[setmetatable({}, {__tostring = function() error("called for a key") end})] = "key"}`: `{ [{}] = "key" }`,
	} {
		wants(t, code, want, nil)
	}
}

// TestToStringThatHangs is ended with its context, as by Ctrl-C.
func TestToStringThatHangs(t *testing.T) {
	v := vm.New(vm.Stdio{})
	defer v.Close()
	fn, err := v.Load([]byte(`return setmetatable({}, {__tostring = function() while true do end end})`), "test.lua")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_ = v.Do(ctx, func(L *lua.LState) error {
		value := bind.Invoke(L, fn)
		show.New(v, 76).Values(L, []lua.LValue{value, value})
		return nil
	})
	if ctx.Err() == nil {
		t.Error("wanted it to be ended by the context")
	}
}

func TestFunctions(t *testing.T) {
	const prelude = "(function()\n" +
		"local function echo(self, value) end\n" +
		"local Lab = {}\n" +
		"function Lab:add(a, b) end\n" +
		"Lab.made = function() end\n" +
		"local two, both = function() end, function(x) end\n"
	for result, want := range map[string]string{
		"echo":     "function echo(self, value)  test.lua:2",
		"Lab.add":  "function Lab:add(a, b)  test.lua:4",
		"Lab.made": "function Lab.made()  test.lua:5",
		"both":     "function (x)  test.lua:6",
	} {
		wants(t, prelude+"return "+result+" end)()", want, nil)
	}
	wants(t, `print, {print}`, "function print(...)\t{ function(...) }", func(p *show.Printer) {
		p.Find = func(*lua.LState, lua.LValue) (show.Known, bool) {
			return show.Known{Name: "print", Params: "..."}, true
		}
	})
}

func TestClasses(t *testing.T) {
	const prelude = "(function()\n" +
		"local Base = require('ave.profile').Profile:subclass('Base')\n" +
		"function Base:tell(what, ...) end\n" +
		"function Base:over() end\n" +
		"local Child = Base:subclass('Child')\n" +
		"function Child:init(name) end\n" +
		"function Child:over() end\n" +
		"function Child.made() end\n" +
		"Child.limit, Child.list = 5, {1, 2}\n"
	wants(t, prelude+"return Child end)()", strings.Join([]string{
		"class Child(name), child of Base",
		"  Child.limit = 5",
		"  Child.list = { 1, 2 }",
		"  Child.made()  test.lua:8",
		"  Child:over()  test.lua:7",
		"  of Base: tell",
		"  of Profile: match, minimize, values, with"}, "\n"), nil)
	wants(t, prelude+"return {Child} end)()", "{ class Child }", nil)
}

func TestMarkedMethods(t *testing.T) {
	const prelude = "(function()\n" +
		"local Lab = require('ave').Control:subclass('Lab')\n" +
		"Lab.add = Lab.rpc(function(self, a, b) end, { b = 1 })\n"
	got, _ := shown(t, prelude+"return Lab end)()", nil)
	if !strings.Contains(got, "\n  Lab:add(a, b)  rpc  test.lua:3\n") {
		t.Errorf("wanted how it is called, got\n%s", got)
	}
	wants(t, prelude+"return Lab.add end)()", "function Lab.add(self, a, b)  test.lua:3  rpc", nil)
}

func TestErrors(t *testing.T) {
	const timeout = `require("ave.exceptions").Timeout`
	const taken = timeout + `{message = "the phone is taken", holder = {"10.0.0.7", 4000}, trace = {{"lab.lua", 12, "take", "take()"}}}`
	wants(t, taken, strings.Join([]string{
		`Timeout: the phone is taken`,
		`  holder = { "10.0.0.7", 4000 }`,
		`  raised in the service at lab.lua:12 in take`}, "\n"), nil)
	wants(t, `false, `+timeout+`("no answer")`, "false\tTimeout: no answer", nil)
	wants(t, `{`+taken+`}`, "{ Timeout: the phone is taken }", nil)
	wants(t, timeout+`("two\nlines")`, "Timeout: two\n    lines", nil)
	wants(t, `require("ave.exceptions").RunError("make all", "a\r\nb\n", "failed")`, strings.Join([]string{
		"RunError: failed",
		`  cmd = "make all"`,
		"  out",
		"    a",
		"    b"}, "\n"), nil)
	got, cut := shown(t, `require("ave.exceptions").RunError("make", ("line\n"):rep(30), "")`, nil)
	if !strings.Contains(got, "\n  out, the last 20 of 30 lines\n    line\n") || strings.Count(got, "    line") != 20 || !cut {
		t.Errorf("wanted the last 20 lines, got\n%s", got)
	}
	wants(t, `(function() local E = `+timeout+`:subclass("E") E.__tostring = function(e) return "mine" end return E("x") end)()`, "mine", nil)
}
