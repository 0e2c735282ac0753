package repl

import (
	"context"
	"strings"
	"testing"

	"avescript/lualib/vm"
)

func TestShown(t *testing.T) {
	long := strings.Repeat("x", 600)
	for code, want := range map[string]string{
		`return`:                   ``,
		`nil`:                      `nil`,
		`1, 1.5, 1/0, 2^53`:        "1\t1.5\tinf\t9.007199254741e+15",
		`"\0\n\t\"\\\200é\27[m"`:   `"\000\n\t\"\\\200é\027[m"`,
		`{}`:                       `{}`,
		`{{}, {{}}}`:               `{ {}, { {} } }`,
		`{1, nil, 3}`:              `{ 1, [3] = 3 }`,
		`{[3]=3, [-1]=1, [1.5]=2}`: `{ [-1] = 1, [1.5] = 2, [3] = 3 }`,
		`{["end"]=1, ["a b"]=2}`:   `{ ["a b"] = 2, ["end"] = 1 }`,
		`{[true]=1, x=2, [{}]=3}`:  `{ x = 2, [true] = 1, [{}] = 3 }`,
		`{{{{{{1}}}}}}`:            `{ { { { { {...} } } } } }`,
		`print`:                    `<function in Go>`,
		`function() end`:           `<function stdin:1>`,
		`setmetatable({}, {__tostring = function() return "mine" end})`: `mine`,
		`(function() local t = {} t.t = t return t end)()`:              `{ t = {<cycle>} }`,
		`(function() local t = {} return {t, t} end)()`:                 `{ {}, {} }`,
		`{("x"):rep(600)}`: "{\n  \"" + long[:500] + "\"... (600 bytes)\n}",
		`("x"):rep(600)`:   `"` + long + `"`,
		`{aaaaaaaaaaaaaaaaaaaaaaa=1, bbbbbbbbbbbbbbbbbbbbbbbbbb={1, 2}, cccccccccccccccccccccccc=3}`: `{
  aaaaaaaaaaaaaaaaaaaaaaa = 1,
  bbbbbbbbbbbbbbbbbbbbbbbbbb = { 1, 2 },
  cccccccccccccccccccccccc = 3
}`,
	} {
		if got := shown(t, code); got != want {
			t.Errorf("%s: wanted %s, got %s", code, want, got)
		}
	}
}

func TestManyEntries(t *testing.T) {
	got := shown(t, `(function() local t = {} for i = 1, 250 do t[i] = i end return t end)()`)
	if !strings.HasSuffix(got, "  100,\n  ... and 150 more\n}") {
		t.Errorf("wanted 100 entries and the number of the others, got %s", got)
	}
}

func TestIncomplete(t *testing.T) {
	r := &repl{v: vm.New(vm.Stdio{})}
	for text, want := range map[string]bool{
		"x = ": true, "f(": true, "function f()": true, "{1,": true, "[[a": true, "--[[ a": true,
		"return {": true, "= {": true, "1 +": true, "for i = 1, 2 do": true,
		"1": false, "x = 1": false, "x = = 1": false, "end": false, "": false, "return 1": false,
	} {
		if got := r.incomplete(text); got != want {
			t.Errorf("%q: wanted incomplete to be %v, got %v", text, want, got)
		}
	}
}

func shown(t *testing.T, code string) string {
	t.Helper()
	v := vm.New(vm.Stdio{})
	defer v.Close()
	r := &repl{v: v, show: newPrinter(v)}
	got, err := r.evaluate(context.Background(), code)
	if err != nil {
		t.Fatalf("%s: %v", code, err)
	}
	return got
}
