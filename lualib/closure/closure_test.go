package closure_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"avescript/internal/luatest"
	"avescript/lualib/bind"
	"avescript/lualib/closure"
	"avescript/lualib/vm"
)

// eval runs a piece of Lua and gives its first result.
func eval(v *vm.VM, name, code string) (result lua.LValue, err error) {
	err = v.Do(context.Background(), func(L *lua.LState) error {
		fn, err := v.Load([]byte(code), name)
		if err == nil {
			result = bind.Invoke(L, fn)
		}
		return err
	})
	return result, err
}

func inheritNothing(int) {}

// pack makes a value in an interpreter of its own and packs it.
func pack(t testing.TB, code string) ([]byte, error) {
	t.Helper()
	v := luatest.New(t)
	value, err := eval(v, "sender.lua", code)
	if err != nil {
		t.Fatalf("%s\n%v", code, err)
	}
	var data []byte
	err = v.Do(context.Background(), func(L *lua.LState) (err error) {
		data, err = closure.Pack(L, inheritNothing, map[string]lua.LValue{"value": value})
		return err
	})
	return data, err
}

// receive unpacks in an interpreter of its own, in which "value" is the value
// then.
func receive(t testing.TB, data []byte) (*vm.VM, error) {
	t.Helper()
	v := luatest.New(t)
	err := v.Do(context.Background(), func(L *lua.LState) error {
		values, err := closure.Unpack(L, data, "")
		if err == nil {
			v.Globals().RawSetString("value", values["value"])
		}
		return err
	})
	return v, err
}

func TestRoundTrips(t *testing.T) {
	for name, test := range map[string]struct{ sent, got string }{
		"nil":       {`return nil`, `value == nil`},
		"booleans":  {`return {true, false}`, `value[1] == true and value[2] == false`},
		"numbers":   {`return {1, -0.5, 1e300, 2^53, 1/0}`, `value[1] == 1 and value[2] == -0.5 and value[3] == 1e300 and value[4] == 2^53 and value[5] == 1/0`},
		"NaN":       {`return 0/0`, `value ~= value`},
		"strings":   {`return {"", "a\0b\255", ("x"):rep(100000)}`, `value[1] == "" and value[2] == "a\0b\255" and #value[3] == 100000`},
		"null":      {`return {require("ave.json").null}`, `value[1] == require("ave.json").null`},
		"exact":     {`return require("ave.json").number("9007199254740993")`, `tostring(value) == "9007199254740993"`},
		"holes":     {`return {1, nil, 3, x = 4, [true] = 5, [0.5] = 6}`, `value[3] == 3 and value.x == 4 and value[true] == 5 and value[0.5] == 6`},
		"cycle":     {`local t = {} t.t = t return t`, `value.t == value`},
		"shared":    {`local t = {} return {t, t, {t}}`, `value[1] == value[2] and value[3][1] == value[1]`},
		"table key": {`local k = {} return {k = k, [k] = 1}`, `value[value.k] == 1`},
		"metatable": {`return setmetatable({}, {__index = function(_, k) return k .. "!" end})`, `value.x == "x!"`},
		"json kind": {`return require("ave.json").object()`, `require("ave.json").encode(value) == "{}"`},

		"function":         {`return function(a, b) return a + b end`, `value(1, 2) == 3`},
		"variadic":         {`return function(...) return select("#", ...) end`, `value(nil, nil) == 2`},
		"main chunk":       {`return (loadstring("return 7"))`, `value() == 7`},
		"nested":           {`return (function() return function() return function() return 7 end end end)()`, `value()() == 7`},
		"one of many":      {`local function a() return 1 end local function b() return 2 end return {b, a}`, `value[1]() == 2 and value[2]() == 1`},
		"upvalue":          {`local n = 1 return function() n = n + 1 return n end`, `value() == 2 and value() == 3`},
		"shared upvalue":   {`local n = 1 return {function() n = n + 1 end, function() return n end}`, `value[1]() == nil and value[2]() == 2`},
		"inner upvalue":    {`local n = 1 return function() return function() n = n + 1 return n end end`, `value()() == 2 and value()() == 3`},
		"recursion":        {`local function f(n) return n == 0 and "end" or f(n - 1) end return f`, `value(5) == "end"`},
		"mutual recursion": {`local a, b function a(n) return n == 0 or b(n - 1) end function b(n) return n ~= 0 and a(n - 1) end return a`, `value(4) and not value(5)`},
		"same function":    {`local function f() end return {f, f, function() return f end}`, `value[1] == value[2] and value[3]() == value[1]`},
		"loop closures":    {`local l = {} for i = 1, 3 do l[i] = function() i = i + 10 return i end end return l`, `value[1]() == 11 and value[3]() == 13 and value[3]() == 23`},
		"after pcall":      {`local n = 1 local function f() return n end pcall(error) n = 2 return f`, `value() == 2`},
		"line and name":    {"\n\nreturn function() return debug.getinfo(1).currentline, debug.getinfo(1).short_src end", `value() == 3 and select(2, value()) == "sender.lua"`},

		"globals":           {`config = {level = 3} return function() return config.level end`, `value() == 3`},
		"globals of inner":  {`level = 3 return function() return function() return level end end`, `value()() == 3`},
		"globals beside":    {`return setfenv(function() return level end, setmetatable({level = 3}, {__index = _G}))`, `value() == 3`},
		"globals of others": {`level = 3 function get() return level end return function() return get() end`, `value() == 3`},
		"shared global":     {`config = {} return {config, function() return config end}`, `value[1] == value[2]()`},
		"no global":         {`return function() return missing end`, `value() == nil`},
		"unnamed global":    {`other = 1 return function() end`, `rawget(_G, "other") == nil`},
		"_G":                {`return {_G, print, string.format, function() return _G end}`, `value[1] == _G and value[2] == print and value[3] == string.format and value[4]() == _G`},
		"replaced global":   {`function print() return "mine" end return function() return print() end`, `value() == "mine"`},
		"standard streams":  {`return {io.stdout, io.stderr}`, `value[1] == io.stdout and value[2] == io.stderr`},
		"library":           {`local s = string return function() return s.rep("x", 3), table.concat({1}) end`, `value() == "xxx"`},

		"module":           {`return require("ave.cmd")`, `value == require("ave.cmd")`},
		"module function":  {`local run = require("ave.cmd").run return function() return run end`, `value() == require("ave.cmd").run`},
		"class of module":  {`return require("ave").Control`, `value == require("ave").Control`},
		"method of module": {`return require("ave").Control.init`, `value == require("ave").Control.init`},
		"module in Lua":    {`return require("ave.broker").Broker`, `value == require("ave.broker").Broker`},

		"class":        {`local C = require("ave").Control:subclass("C") function C:hi() return self.x end C.n = 1 return C`, `tostring(value) == "class C" and value.super == require("ave").Control and value.n == 1 and value.hi({x = 2}) == 2`},
		"class chain":  {`local A = require("ave").Process:subclass("A") function A.f() return A end local B = A:subclass("B") return B`, `value.super.f() == value.super and value({}):is("A") and value.f() == value.super`},
		"metamethod":   {`local C = require("ave").Process:subclass("C") C.__tostring = function() return "mine" end return C:subclass("D")`, `tostring(value({})) == "mine"`},
		"marks":        {`local C = require("ave").Control:subclass("C") C.f = C.rpc(C.auth(function() return 7 end)) return C`, `value:f() == 7 and value.f.rpc and value.f.auth`},
		"object":       {`local C = require("ave").Process:subclass("C") local c = C({}) c.x = 1 return c`, `value.x == 1 and value:is("Process") and value.proc_name == "ave-C"`},
		"profile":      {`local P = require("ave").Profile return {P{a = {1}}, P{a = {1}}}`, `value[1] == value[2] and value[1] == require("ave").Profile{a = {1}}`},
		"profile type": {`local P = require("ave").Profile:subclass("Q") P.mandatory = {"a"} return P{a = 1, b = 2}`, `value:minimize().b == nil and value.a == 1 and value:is("Q")`},

		"no connection yet": {`return require("ave").Connection{"there", 1}`, `value:address()[1] == "there" and value:address()[2] == 1`},
		"one of the past":   {`local c = require("ave").BlockingConnection{"", 1} c:close() return c`, `value:address()[2] == 1 and value:is("BlockingConnection")`},

		"exception":       {`return require("ave.exceptions").Timeout{message = "late", n = {1}}`, `value.n[1] == 1 and value:is("Timeout") and tostring(value) == "late"`},
		"exception class": {`return require("ave.exceptions").Timeout`, `value == require("ave.exceptions").Timeout`},
		"defined":         {`return require("ave.exceptions").define("Defined", require("ave.exceptions").Timeout)`, `value("x"):is("Timeout") and value == require("ave.exceptions").define("Defined", require("ave.exceptions").Timeout)`},
		"child of class":  {`local E = require("ave.exceptions").Timeout:subclass("Later") function E:hi() return self.message end return E("x")`, `value:hi() == "x" and value:is("Timeout") and value.type == "Later"`},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := pack(t, test.sent)
			if err != nil {
				t.Fatal(err)
			}
			v, err := receive(t, data)
			if err != nil {
				t.Fatal(err)
			}
			got, err := eval(v, "receiver", "return not not ("+test.got+")")
			if err != nil || got != lua.LTrue {
				t.Errorf("sent %s\n%s: got %v, %v", test.sent, test.got, got, err)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	for code, want := range map[string]string{
		`return coroutine.create(print)`:                                                `a thread cannot be copied to another process \(value\)`,
		`return io.tmpfile()`:                                                           `the userdata file \(0x\w+\) cannot be copied to another process \(value\)`,
		`return {a = {b = {io.tmpfile()}}}`:                                             `\(value, field 'a', field 'b', entry 1\)`,
		`return {[io.tmpfile()] = 1}`:                                                   `\(value, a key\)`,
		`return setmetatable({}, {io.tmpfile()})`:                                       `\(value, metatable, entry 1\)`,
		`local f = io.tmpfile() return function() f() end`:                              `\(value, upvalue 'f' of the function at sender.lua:1\)`,
		`f = io.tmpfile() return function() return f end`:                               `\(global 'f'\)`,
		`f = {io.tmpfile()} function g() return f end return function() return g() end`: `\(global 'f', entry 1\)`,
		`return ("x"):gmatch(".")`:                                                      `a Go function that is not in a module cannot be copied`,
		`return coroutine.wrap(print)`:                                                  `a Go function that is not in a module cannot be copied`,
		`return setfenv(function() end, {})`:                                            `a function at sender.lua:1 with an environment of its own cannot be copied`,
		`return require("ave").RemoteControl{"", 1}`:                                    `a RemoteControl cannot be copied to another process \(value\)`,
		`local s = require("ave").find_free_port() s:close() return s`:                  `a Socket, .*closed.*, cannot be copied`,
		`local t = {} for _ = 1, 10000 do t = {t} end return t`:                         `a value nested more than 2000 levels deep cannot be copied`,
		`local C = require("ave").Process:subclass("C") C.f = io.tmpfile() return C`:    `\(value, class C, field 'f'\)`,
	} {
		_, err := pack(t, code)
		var refused *closure.Error
		if !errors.As(err, &refused) || !regexp.MustCompile(want).MatchString(err.Error()) {
			t.Errorf("%s:\n got %v\nwant %s", code, err, want)
		}
	}
}

// The sender is told of the descriptors, once each.
func TestDescriptors(t *testing.T) {
	v := luatest.New(t)
	value, err := eval(v, "sender.lua", `
		local ave = require("ave")
		a, b = ave.Pipe.pair()
		socket = ave.find_free_port()
		return {a, {a, socket}, function() return a end}`)
	if err != nil {
		t.Fatal(err)
	}
	want, err := eval(v, "numbers", `return a:fileno() .. " " .. socket:fileno()`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	err = v.Do(context.Background(), func(L *lua.LState) error {
		_, err := closure.Pack(L, func(fd int) { got = append(got, strconv.Itoa(fd)) }, map[string]lua.LValue{"value": value})
		return err
	})
	if strings.Join(got, " ") != want.String() || err != nil {
		t.Errorf("got %v, %v, want %s", got, err, want)
	}
	if _, err := eval(v, "close", `a:close() b:close() socket:close()`); err != nil {
		t.Error(err)
	}
}

// What is refused is refused as a whole: the interpreter goes on as before.
func TestPackingChangesNothing(t *testing.T) {
	v := luatest.New(t)
	value, err := eval(v, "sender.lua", `local n, f = 1, io.tmpfile() return {function() n = n + 1 return n end, function() return f end}`)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		err := v.Do(context.Background(), func(L *lua.LState) error {
			_, err := closure.Pack(L, inheritNothing, map[string]lua.LValue{"value": value})
			return err
		})
		if err == nil {
			t.Error("got no error")
		}
	}
	v.Globals().RawSetString("value", value)
	if got, err := eval(v, "after", `return value[1]()`); got != lua.LNumber(2) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestModulesOfTheScript(t *testing.T) {
	dir := t.TempDir()
	for name, source := range map[string]string{
		"helper.lua": `local M = {count = 0} function M.add() M.count = M.count + 1 return M.count end return M`,
		"broken.lua": `if only_here then return {} end error("cannot be loaded")`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(source), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	path := `package.path = "` + dir + `/?.lua" `
	data, err := pack(t, path+`local helper = require("helper") helper.add() return {helper, helper.add}`)
	if err != nil {
		t.Fatal(err)
	}
	v, err := receive(t, data)
	if err != nil {
		t.Fatal(err)
	}
	// The module is required anew, with the state that it begins with.
	if got, err := eval(v, "receiver", `return value[2] == require("helper").add and value[2]() == 1`); got != lua.LTrue {
		t.Errorf("got %v, %v", got, err)
	}

	if data, err = pack(t, path+`only_here = true return require("broken")`); err != nil {
		t.Fatal(err)
	}
	if _, err = receive(t, data); err == nil || !strings.Contains(err.Error(), "cannot be loaded") {
		t.Errorf("got %v", err)
	}
}

// Data that was cut off anywhere is an error.
func TestDataThatEndsTooEarly(t *testing.T) {
	data, err := pack(t, sample)
	if err != nil {
		t.Fatal(err)
	}
	v := luatest.New(t)
	for end := range data {
		if _, err := unpack(v, data[:end]); err == nil {
			t.Fatalf("%d of %d bytes: got no error", end, len(data))
		}
	}
}

// sample has something of everything.
const sample = `
	local ave = require("ave")
	local n, json = 1, require("ave.json")
	level = {1}
	local C = ave.Process:subclass("C")
	function C:run() n = n + level[1] return C end
	local E = ave.exceptions.define("Sampled")
	local shared = setmetatable({}, {__index = function() return n end})
	return {true, false, 1, "x", json.null, json.number("9007199254740993"), shared, shared,
		C, C({}), E, E("x"), ave.Profile{a = 1}, print, function() n = n + 1 end}
`

func unpack(v *vm.VM, data []byte) (values map[string]lua.LValue, err error) {
	err = v.Do(context.Background(), func(L *lua.LState) (err error) {
		values, err = closure.Unpack(L, data, "")
		return err
	})
	return values, err
}

func FuzzUnpack(f *testing.F) {
	for _, code := range []string{
		sample, `return 1`, `local t = {} t.t = t return t`, `return require("ave.cmd").run`,
		`local function f() return f end return f`,
	} {
		data, err := pack(f, code)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := unpack(luatest.New(t), data)
		var raised *vm.Error
		if errors.As(err, &raised) && raised.Bug != "" {
			t.Errorf("a panic: %v\n%s", err, raised.Bug)
		}
	})
}
