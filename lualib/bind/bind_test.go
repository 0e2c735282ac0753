package bind_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/exceptions"
	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// newVM makes an interpreter in which "m" is the module.
func newVM(t *testing.T, module *bind.Module) *vm.VM {
	t.Helper()
	v := vm.New(vm.Stdio{})
	t.Cleanup(v.Close)
	do(t, v, func(L *lua.LState) error {
		v.Globals().RawSetString("m", module.Open(L))
		return nil
	})
	return v
}

func do(t *testing.T, v *vm.VM, fn func(L *lua.LState) error) {
	t.Helper()
	if err := v.Do(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

// eval runs a piece of Lua and gives its first result as text, or "error: "
// and what it raised.
func eval(t *testing.T, v *vm.VM, code string) (text string) {
	t.Helper()
	err := v.Do(context.Background(), func(L *lua.LState) error {
		fn, err := v.Load([]byte(code), "=test")
		if err == nil {
			text = L.ToStringMeta(bind.Invoke(L, fn)).String()
		}
		return err
	})
	if err != nil {
		return "error: " + err.Error()
	}
	return text
}

// expect evaluates pieces of Lua, each with what it gives.
func expect(t *testing.T, v *vm.VM, cases map[string]string) {
	t.Helper()
	for code, want := range cases {
		if got := eval(t, v, code); got != want {
			t.Errorf("%s:\n got %s\nwant %s", code, got, want)
		}
	}
}

// taking makes a function that unpacks its one argument into a new T.
func taking[T any](name, params string) bind.Fn {
	return bind.Func(name, params, func(c *bind.Call) error {
		var v T
		return c.Args(&v)
	})
}

type odd struct{}

func (odd) UnpackLua(_ *lua.LState, v lua.LValue) error {
	if n, ok := v.(lua.LNumber); ok && int(n)%2 == 1 {
		return nil
	}
	return bind.Wanted("an odd number")
}

func TestArgumentsOfTheWrongType(t *testing.T) {
	v := newVM(t, &bind.Module{Name: "m", Funcs: []bind.Fn{
		taking[string]("str", "a"),
		taking[bool]("bool", "a"),
		taking[int]("int", "a"),
		taking[float64]("float", "a"),
		taking[bind.Seconds]("seconds", "a"),
		taking[*lua.LTable]("table", "a"),
		taking[*lua.LFunction]("fn", "a"),
		taking[[]string]("list", "a"),
		taking[map[string]string]("map", "a"),
		taking[odd]("odd", "a"),
	}})
	expect(t, v, map[string]string{
		`m.str()`:                     "error: m.str: argument 'a': wanted a string, got nothing",
		`m.str(nil)`:                  "error: m.str: argument 'a': wanted a string, got nil",
		`m.str(true)`:                 "error: m.str: argument 'a': wanted a string, got true",
		`m.str({})`:                   "error: m.str: argument 'a': wanted a string, got a table",
		`m.str(print)`:                "error: m.str: argument 'a': wanted a string, got a function",
		`m.str(5)`:                    "nil",
		`m.str("a", "b")`:             "error: m.str: wanted at most 1 argument, got 2",
		`m.bool(1)`:                   "error: m.bool: argument 'a': wanted true or false, got 1",
		`m.int("7")`:                  `error: m.int: argument 'a': wanted a whole number, got the string "7"`,
		`m.int(1.5)`:                  "error: m.int: argument 'a': wanted a whole number, got 1.5",
		`m.int(2^60)`:                 "error: m.int: argument 'a': wanted a whole number, got 1152921504606846976",
		`m.int(0/0)`:                  "error: m.int: argument 'a': wanted a whole number, got NaN",
		`m.float("x")`:                `error: m.float: argument 'a': wanted a number, got the string "x"`,
		`m.seconds(-1)`:               "error: m.seconds: argument 'a': wanted a number of seconds, 0 or more, got -1",
		`m.seconds(0/0)`:              "error: m.seconds: argument 'a': wanted a number of seconds, 0 or more, got NaN",
		`m.seconds(1e300)`:            "nil",
		`m.table("x")`:                `error: m.table: argument 'a': wanted a table, got the string "x"`,
		`m.fn({})`:                    "error: m.fn: argument 'a': wanted a function, got a table",
		`m.list("x")`:                 `error: m.list: argument 'a': wanted a list of strings, got the string "x"`,
		`m.list({"x", true})`:         "error: m.list: argument 'a': wanted a list of strings, got true at index 2",
		`m.map({a = {}})`:             "error: m.map: argument 'a': wanted a table of strings, got a = a table",
		`m.map({"x"})`:                `error: m.map: argument 'a': wanted a table of strings, got 1 = the string "x"`,
		`m.odd(2)`:                    "error: m.odd: argument 'a': wanted an odd number, got 2",
		`m.str((("x"):rep(100)).."")`: "nil",
		`m.int(("x"):rep(100))`:       `error: m.int: argument 'a': wanted a whole number, got the string "` + strings.Repeat("x", 40) + `..."`,
	})
}

func TestOptionalArguments(t *testing.T) {
	v := newVM(t, &bind.Module{Name: "m", Funcs: []bind.Fn{
		bind.Func("f", "a, b?, c?", func(c *bind.Call) error {
			a, b, last := "", "default", 1
			if err := c.Args(&a, &b, &last); err != nil {
				return err
			}
			return c.Return(a + b + strings.Repeat("!", last))
		}),
		bind.Func("all", "...", func(c *bind.Call) error { return c.Return(c.Len()) }),
		bind.Func("none", "", func(c *bind.Call) error { return nil }),
	}})
	expect(t, v, map[string]string{
		`return m.f("a")`:            "adefault!",
		`return m.f("a", nil, 2)`:    "adefault!!",
		`return m.f("a", "b", nil)`:  "ab!",
		`return m.f("a", false)`:     "error: m.f: argument 'b': wanted a string, got false",
		`return m.f(nil, "b")`:       "error: m.f: argument 'a': wanted a string, got nil",
		`return m.f("a", "b", 1, 1)`: "error: m.f: wanted at most 3 arguments, got 4",
		`return m.all(nil, nil)`:     "2",
		`return m.none(1)`:           "error: m.none: wanted no arguments, got 1",
	})
}

func TestOptions(t *testing.T) {
	type options struct {
		Timeout bind.Seconds `lua:"timeout"`
		Name    string       `lua:"name"`
		Words   []string     `lua:"words"`
		Any     lua.LValue   `lua:"any"`
	}
	v := newVM(t, &bind.Module{Name: "m", Funcs: []bind.Fn{
		bind.Func("f", "options?", func(c *bind.Call) error {
			o := options{Name: "default"}
			if err := c.Args(&o); err != nil {
				return err
			}
			return c.Return(o.Name + o.Timeout.Or(0).String() + strings.Join(o.Words, "+"))
		}),
	}})
	const known = "timeout, name, words, any"
	expect(t, v, map[string]string{
		`return m.f()`:                              "default0s",
		`return m.f{}`:                              "default0s",
		`return m.f{timeout = 0.5, name = "x"}`:     "x500ms",
		`return m.f{words = {"a", "b"}, any = m.f}`: "default0sa+b",
		`m.f{tiemout = 1}`:                          "error: m.f: option 'tiemout': there is no such option; did you mean 'timeout'? Valid names are " + known,
		`m.f{timeout = "x"}`:                        `error: m.f: option 'timeout': wanted a number of seconds, 0 or more, got the string "x"`,
		`m.f{words = {1, {}}}`:                      "error: m.f: option 'words': wanted a list of strings, got a table at index 2",
		`m.f{1}`:                                    "error: m.f: argument 'options': wanted a table of options by name (" + known + "), got a table",
		`m.f("x")`:                                  `error: m.f: argument 'options': wanted a table of options, got the string "x"`,
	})
}

// What the options are for may be a struct that knows nothing of Lua.
func TestOptionsByPointers(t *testing.T) {
	type inner struct{ Name string }
	type outer struct {
		inner
		Timeout time.Duration
	}
	v := newVM(t, &bind.Module{Name: "m", Funcs: []bind.Fn{
		bind.Func("f", "options?", func(c *bind.Call) error {
			o := outer{Timeout: time.Minute}
			if err := c.Args(bind.Options{bind.Into("timeout", &o.Timeout), bind.Into("name", &o.Name)}); err != nil {
				return err
			}
			return c.Return(o.Name + o.Timeout.String())
		}),
	}})
	expect(t, v, map[string]string{
		`return m.f()`:                          "1m0s",
		`return m.f{timeout = 0.5, name = "x"}`: "x500ms",
		`return m.f{timeout = math.huge}`:       "-1ns",
		`m.f{timeout = -1}`:                     "error: m.f: option 'timeout': wanted a number of seconds, 0 or more, got -1",
		`m.f{words = 1}`:                        "error: m.f: option 'words': there is no such option; valid names are timeout, name",
		`m.f{1}`:                                "error: m.f: argument 'options': wanted a table of options by name (timeout, name), got a table",
	})
}

func TestSecondsThatAreSet(t *testing.T) {
	v := newVM(t, &bind.Module{Name: "m", Funcs: []bind.Fn{
		bind.Func("f", "a?", func(c *bind.Call) error {
			var s bind.Seconds
			if err := c.Args(&s); err != nil {
				return err
			}
			d := s.Or(time.Minute)
			if d < 0 {
				return c.Return("for ever")
			}
			return c.Return(d)
		}),
	}})
	expect(t, v, map[string]string{
		`return m.f()`:          "60",
		`return m.f(nil)`:       "60",
		`return m.f(math.huge)`: "for ever",
		`return m.f(0)`:         "0",
		`return m.f(1.5)`:       "1.5",
	})
}

func TestValues(t *testing.T) {
	v := newVM(t, &bind.Module{Name: "m"})
	do(t, v, func(L *lua.LState) error {
		for want, value := range map[string]any{
			"nil": nil, "x": "x", "b": []byte("b"), "true": true, "7": 7, "0.5": 0.5,
			"1.5": 1500 * time.Millisecond, "lua": lua.LString("lua"),
		} {
			if got := bind.Value(L, value).String(); got != want {
				t.Errorf("%v: got %s, want %s", value, got, want)
			}
		}
		nested := bind.Value(L, []any{[]string{"a", "b"}, 2}).(*lua.LTable)
		if nested.Len() != 2 || nested.RawGetInt(1).(*lua.LTable).RawGetInt(2) != lua.LString("b") {
			t.Errorf("got a list of %d", nested.Len())
		}
		return nil
	})
}

func TestErrorsOfGoAreErrorObjectsInLua(t *testing.T) {
	plain := errors.New("plain")
	timeout := exceptions.Timeout.Newf("late: %w", plain)
	timeout.Details = map[string]any{"cmd": []string{"a", "b"}, "out": "\xff"}
	timeout.Trace = []exceptions.Frame{{File: "f.lua", Line: 3, Func: "g", Source: "h()"}}
	raise := func(err error) func(*bind.Call) error { return func(*bind.Call) error { return err } }
	v := newVM(t, &bind.Module{Name: "m", Funcs: []bind.Fn{
		bind.Func("plain", "", raise(plain)),
		bind.Func("timeout", "", raise(timeout)),
		bind.Func("wrapped", "", raise(errors.Join(timeout))),
	}})
	expect(t, v, map[string]string{
		`m.plain()`: "error: plain",
		`local _, e = pcall(m.plain) return e.type`:                            "Exception",
		`local _, e = pcall(m.timeout) return e.type .. e.message`:             "Timeoutlate: plain",
		`local _, e = pcall(m.timeout) return e.cmd[2] .. #e.out`:              "b1",
		`local _, e = pcall(m.timeout) return e.trace[1][3]`:                   "g",
		`local _, e = pcall(m.timeout) return e:is("AveException")`:            "true",
		`local _, e = pcall(m.timeout) return e:is("Exit")`:                    "false",
		`local _, e = pcall(m.timeout) return tostring(e)`:                     "late: plain\nServer side traceback:\n  File \"f.lua\", line 3, in g\n    h()",
		`local _, e = pcall(m.wrapped) return e.type`:                          "Timeout",
		`local _, e = pcall(m.wrapped) return select(2, pcall(error, e)) == e`: "true",
	})
}

func TestErrorObjectsAreErrorsInGo(t *testing.T) {
	v := newVM(t, &bind.Module{Name: "m", Fill: func(L *lua.LState, module *lua.LTable) {
		module.RawSetString("Timeout", bind.ExceptionClass(L, exceptions.Timeout))
	}})
	raised := func(code string) *exceptions.Error {
		t.Helper()
		fn, err := v.Load([]byte(code), "=test")
		if err != nil {
			t.Fatal(err)
		}
		err = v.Do(context.Background(), func(L *lua.LState) error {
			bind.Invoke(L, fn)
			return nil
		})
		return bind.AsException(v, err)
	}

	e := raised(`local function f() error(m.Timeout{message = "late", cmd = {"a"}}) end f()`)
	if !errors.Is(e, exceptions.Timeout) || e.Message != "late" || e.Details["cmd"] == nil {
		t.Errorf("got %#v", e)
	}
	if n := len(e.Trace); n == 0 || e.Trace[n-1].Func != "f" || e.Trace[n-1].File != "test" && e.Trace[n-1].File != "=test" {
		t.Errorf("got the trace %v", e.Trace)
	}
	if e := raised(`error(m.Timeout{message = "late", trace = {{"x.py", 1, "g", "h"}}})`); len(e.Trace) != 1 || e.Trace[0].File != "x.py" {
		t.Errorf("a trace that is there already: got %v", e.Trace)
	}
	if e := raised(`error(m.Timeout{message = "late", type = "Strange"})`); e.Class.Name != "Strange" || !errors.Is(e, exceptions.AveException) {
		t.Errorf("another type: got %#v", e.Class)
	}
	if e := raised(`error(m.Timeout:subclass("Later")("late"))`); e.Class.Name != "Later" || !errors.Is(e, exceptions.AveException) {
		t.Errorf("a subclass: got %#v", e.Class)
	}
	if e := raised(`error("text", 0)`); e.Class != exceptions.Exception || e.Message != "text" || e.Trace == nil {
		t.Errorf("a string: got %#v", e)
	}
	if e := raised(`error(setmetatable({}, {__tostring = error}))`); e == nil || e.Class != exceptions.Exception {
		t.Errorf("a value that cannot be shown: got %#v", e)
	}
	if e := raised(`error(m.Timeout{message = "late", x = setmetatable({}, {__tojson = error})})`); e == nil || !errors.Is(e, exceptions.TypeError) {
		t.Errorf("details that fail: got %#v", e)
	}
	if e := raised(`error()`); e.Class != exceptions.Exception || e.Message != "nil" {
		t.Errorf("nil: got %#v", e)
	}
	if e := raised(`error(m.Timeout{message = "late", f = print})`); !errors.Is(e, exceptions.Timeout) || e.Message != "late" || len(e.Details) != 0 {
		t.Errorf("details that have no form: got %v", e)
	}
}

func TestErrorObjectsWithoutDetails(t *testing.T) {
	v := newVM(t, &bind.Module{Name: "m", Fill: func(L *lua.LState, module *lua.LTable) {
		module.RawSetString("Timeout", bind.ExceptionClass(L, exceptions.Timeout))
	}})
	const class = `local E = m.Timeout:subclass("E") function E:init() end local e = E() `
	const want = "E: the object was never initialized: its class must call the init of its parent"
	expect(t, v, map[string]string{
		class + `return tostring(e)`:                             want,
		class + `error(e)`:                                       "error: " + want,
		class + `return e.message`:                               "nil",
		class + `return e:format_trace()`:                        "",
		class + `return getmetatable(e).__tojson(e)`:             "error: " + want,
		class + `e.details = {message = "x"} return tostring(e)`: "x",
	})
}
