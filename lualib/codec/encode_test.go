package codec_test

import (
	"errors"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/codec"
)

func TestEncode(t *testing.T) {
	L, c := state(t)
	for _, test := range []struct{ lua, want string }{
		{`nil`, `null`},
		{`null`, `null`},
		{`true`, `true`},
		{`1`, `1`},
		{`-0.5`, `-0.5`},
		{`1e-7`, `1e-07`},
		{`0.1`, `0.1`},
		{`2^53`, `9007199254740992`},
		{`-2^63 + 1024`, `-9223372036854774784`},
		{`2^64`, `1.8446744073709552e+19`},
		{`1e300`, `1e+300`},
		{`-0`, `-0`},
		{`""`, `""`},
		{`"a\"b\\c\n\0\127</\226\128\168"`, `"a\"b\\c\n\u0000` + "\x7f</\u2028" + `"`},
		{`"caf\195\169 \255\254 \195"`, "\"caf\u00e9 \ufffd\ufffd \ufffd\""},
		{`{}`, `[]`},
		{`{1, "two", {3}}`, `[1,"two",[3]]`},
		{`{b = 1, a = {}}`, `{"b":1,"a":[]}`},
		{`{null, null}`, `[null,null]`},
		{`{["\255"] = 1}`, "{\"\ufffd\":1}"},
		{`object{}`, `{}`},
		{`list{}`, `[]`},
		{`list(object{})`, `[]`},
		{`object{a = 1}`, `{"a":1}`},
		{`setmetatable({}, {__jsontype = "object"})`, `{}`},
		{`setmetatable({a = 1}, {__index = {b = 2}})`, `{"a":1}`},
		{`setmetatable({}, {__tojson = function(self) return {wrapped = true} end})`, `{"wrapped":true}`},
		{`{setmetatable({}, {__tojson = function(self) return nil end})}`, `[null]`},
		{`local t = {1}; return {t, t, {t}}`, `[[1],[1],[[1]]]`},
		{`local t = {1, 2, 3}; t[3] = nil; return t`, `[1,2]`},
		{`local t = {a = 1, b = 2}; t.a = nil; return t`, `{"b":2}`},
		{`local t = decode("[1]"); t[1] = nil; return t`, `[]`},
		{`local t = decode('{"a": 1}'); t.a = nil; return t`, `{}`},
		{`{decode("9007199254740993")}`, `[9007199254740993]`},
	} {
		got, err := c.Append(L, []byte("> "), eval(t, L, test.lua))
		if err != nil || string(got) != "> "+test.want {
			t.Errorf("%s: got %s, %v, want > %s", test.lua, got, err, test.want)
		}
	}
}

func TestEncodeErrors(t *testing.T) {
	L, c := state(t)
	for _, test := range []struct{ lua, want string }{
		{`print`, `value: cannot encode a function as JSON`},
		{`{items = {1, 2, {name = print}}}`, `value.items[3].name: cannot encode a function as JSON`},
		{`{["a key"] = {coroutine.create(print)}}`, `value["a key"][1]: cannot encode a thread as JSON`},
		{`{io.stdout}`, `value[1]: cannot encode a userdata as JSON`},
		{`{x = 0/0}`, `value.x: cannot encode NaN: JSON numbers must be finite`},
		{`{-1/0}`, `value[1]: cannot encode -Inf: JSON numbers must be finite`},
		{`{a = {[true] = 1}}`, `value.a: the keys of an object must be strings, got the boolean true`},
		{`{a = 1, [1.5] = 1}`, `value: the keys of an object must be strings, got the number 1.5`},
		{`{[{}] = 1}`, `value: the keys of an object must be strings, got a table`},
		{`{1, 2, name = 3}`, `value: a list can only have the keys 1 to 2, got also the string "name"`},
		{`{1, nil, 3}`, `value[2]: a list cannot contain nil: this one has 3 entries; use json.null`},
		{`{[100] = 1}`, `value[1]: a list cannot contain nil: this one has 100 entries; use json.null`},
		{`list{1, nil, 3}`, `value[2]: a list cannot contain nil: this one has 3 entries; use json.null`},
		{`list{a = 1}`, `value: a list can only have the keys 1 to 0, got also the string "a"`},
		{`object{"a"}`, `value: the keys of an object must be strings, got the number 1`},
		{`local t = {}; t.a = {t}; return t`, `value.a[1]: the table contains itself`},
		{`local mt = {}; mt.__tojson = function(t) return t end; return {setmetatable({}, mt)}`, `value[1]: the table contains itself`},
		{`local mt = {}; mt.__tojson = function() return setmetatable({}, mt) end; return setmetatable({}, mt)`,
			`value: nested more than 1000 levels deep`},
		{`local t = {}; for i = 1, 1000 do t = {t} end; return t`,
			`value` + strings.Repeat("[1]", 66) + `[1...: nested more than 1000 levels deep`},
	} {
		got, err := c.Append(L, []byte("> "), eval(t, L, test.lua))
		var e *codec.Error
		if !errors.As(err, &e) || err.Error() != test.want || string(got) != "> " {
			t.Errorf("%s:\n got %s, %v\nwant %s", test.lua, got, err, test.want)
		}
	}
}

func TestToJSONErrorIsRaised(t *testing.T) {
	L, c := state(t)
	v := eval(t, L, `setmetatable({}, {__tojson = function() error("not now") end})`)
	encode := L.NewFunction(func(L *lua.LState) int {
		_, _ = c.Append(L, nil, v)
		return 0
	})
	err := L.CallByParam(lua.P{Fn: encode, Protect: true})
	if err == nil || !strings.Contains(err.Error(), "not now") {
		t.Fatalf("got %v, want the error of __tojson", err)
	}
}

func TestAppendSorted(t *testing.T) {
	L, c := state(t)
	v := eval(t, L, `{b = {}, a = {1, decode("9007199254740993"), decode("1e400")}, ["\255"] = 1, ["\254"] = 1}`)
	for _, test := range []struct{ indent, want string }{
		{"", "> {\"a\":[1,9007199254740993,1e400],\"b\":[],\"\ufffd\":1,\"\ufffd\":1}"},
		{"  ", "> {\n  \"a\": [\n    1,\n    9007199254740993,\n    1e400\n  ],\n  \"b\": [],\n  \"\ufffd\": 1,\n  \"\ufffd\": 1\n}"},
	} {
		got, err := c.AppendSorted(L, []byte("> "), v, test.indent)
		if err != nil || string(got) != test.want {
			t.Errorf("got %s, %v, want %s", got, err, test.want)
		}
	}
	if _, err := c.AppendSorted(L, nil, L.NewFunction(nil), ""); err == nil {
		t.Error("a function was written")
	}
	if _, err := c.AppendSorted(L, nil, v, "--"); err == nil {
		t.Error("an indent of dashes was taken")
	}
}
