package bind_test

import (
	"testing"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bind"
)

// counterClass has a Go part, a number, and a metamethod.
var counterClass = bind.Class{
	Name:   "Counter",
	Params: "first?",
	Init: func(c *bind.Call) error {
		n := 0
		if err := c.Args(&n); err != nil {
			return err
		}
		bind.Attach(c.Self, &n)
		return nil
	},
	Methods: []bind.Fn{
		bind.Func("add", "n", func(c *bind.Call) error {
			n, err := bind.Self[*int](c)
			if err != nil {
				return err
			}
			var more int
			if err := c.Args(&more); err != nil {
				return err
			}
			*n += more
			return c.Return(*n)
		}),
	},
	Funcs: []bind.Fn{
		bind.Func("sum", "a, b", func(c *bind.Call) error {
			var a, b int
			if err := c.Args(&a, &b); err != nil {
				return err
			}
			return c.Return(a + b)
		}),
	},
	Meta: map[string]lua.LGFunction{
		"__len": func(L *lua.LState) int {
			n, _ := bind.Part[*int](L.Get(1))
			L.Push(lua.LNumber(*n))
			return 1
		},
		"__tostring": func(L *lua.LState) int {
			L.Push(lua.LString("a " + bind.NameOf(L.Get(1))))
			return 1
		},
	},
}

// stepClass is a child of it that is declared in Go too.
var stepClass = bind.Class{
	Name:   "Step",
	Parent: &counterClass,
	Methods: []bind.Fn{
		bind.Func("step", "", func(c *bind.Call) error { return c.Return(bind.Method(c.L, c.Self, "add", 10)) }),
	},
}

func classes() *bind.Module {
	return &bind.Module{Name: "m", Classes: []*bind.Class{&counterClass, &stepClass}}
}

func TestObjects(t *testing.T) {
	expect(t, newVM(t, classes()), map[string]string{
		`return m.Counter(5):add(2)`:                                       "7",
		`return m.Counter():add(2)`:                                        "2",
		`return m.Counter.sum(1, 2)`:                                       "3",
		`local a, b = m.Counter(1), m.Counter(2) a:add(1) return b:add(0)`: "2",
		`return m.Step(5):step()`:                                          "15",
		`return m.Step(5):is(m.Counter)`:                                   "true",
		`return m.Counter(5):is(m.Step)`:                                   "false",
		`return m.Step(5):is("Counter")`:                                   "true",
		`return m.Step.super == m.Counter`:                                 "true",
		`return tostring(m.Step)`:                                          "class Step",
		`m.Counter("x")`:                                                   `error: Counter: argument 'first': wanted a whole number, got the string "x"`,
		`m.Counter(1, 2)`:                                                  "error: Counter: wanted at most 1 argument, got 2",
		`m.Counter(1):is(5)`:                                               "error: Counter:is: argument 'class': wanted a class or its name, got 5",
		`m.Counter(1).add(2)`:                                              "error: Counter:add: wanted a Counter as self, got 2; call a method as object:method(...), not object.method(...)",
		`m.Counter(1).add({}, 2)`:                                          "error: Counter:add: wanted a Counter as self, got a table; call a method as object:method(...), not object.method(...)",
		`m.Step.step(m.Counter(1))`:                                        "error: Step:step: wanted a Step as self, got a Counter; call a method as object:method(...), not object.method(...)",
	})
}

func TestSubclasses(t *testing.T) {
	const prelude = `
		local Child = m.Counter:subclass("Child")
		function Child:init(n) m.Counter.init(self, n * 2) self.own = n end
		function Child:add(n) return m.Counter.add(self, n) + 100 end
		local Grandchild = Child:subclass("Grandchild")
		local Forgetful = m.Counter:subclass("Forgetful")
		function Forgetful:init() end
	`
	cases := map[string]string{
		`return Child(5):add(1)`:                     "111",
		`return Grandchild(5):add(1)`:                "111",
		`return Grandchild(5).own`:                   "5",
		`return Grandchild(5):is(Child)`:             "true",
		`return Grandchild(5):is(m.Step)`:            "false",
		`return tostring(Grandchild)`:                "class Grandchild",
		`return Grandchild.super.super == m.Counter`: "true",
		`return Forgetful():add(1)`:                  "error: Counter:add: the object was never initialized: its class must call Counter.init(self, ...)",
		`m.Counter.subclass("x")`:                    `error: class.subclass: argument 'class': wanted a table, got the string "x"`,
		`m.Counter:subclass()`:                       "error: class.subclass: argument 'name': wanted a string, got nothing",
		`m.Counter.subclass({}, "x")`:                "error: class.subclass: wanted a class as self, got a table",
	}
	v := newVM(t, classes())
	for code, want := range cases {
		if got := eval(t, v, prelude+code); got != want {
			t.Errorf("%s:\n got %s\nwant %s", code, got, want)
		}
	}
}

// Lua looks for metamethods in the metatable alone, so children have copies of
// their parent's.
func TestMetamethodsAreInherited(t *testing.T) {
	const prelude = `
		local Child = m.Counter:subclass("Child")
		local Grandchild = Child:subclass("Grandchild")
		local Adding = m.Counter:subclass("Adding")
		Adding.__add = function(a, b) return "sum" end
		Adding.__tostring = function() return "mine" end
		Adding.__call = function(self, x) return "called with " .. x end
		local AddingChild = Adding:subclass("AddingChild")
		local Late = m.Counter:subclass("Late")
	`
	cases := map[string]string{
		`return tostring(Child(1))`:                                                   "a Child",
		`return tostring(Grandchild(1))`:                                              "a Grandchild",
		`return tostring(Adding(1))`:                                                  "mine",
		`return tostring(AddingChild(1))`:                                             "mine",
		`return AddingChild(1) + 1`:                                                   "sum",
		`return Adding(1)("x")`:                                                       "called with x",
		`return AddingChild(1)("x")`:                                                  "called with x",
		`return tostring(m.Counter(1))`:                                               "a Counter",
		`return pcall(function() return m.Counter(1) + 1 end)`:                        "false",
		`Late.__tostring = function() return "late" end return tostring(Late(1))`:     "late",
		`Child.__index = function(_, k) return "any " .. k end return Child(1).thing`: "any thing",
	}
	v := newVM(t, classes())
	for code, want := range cases {
		if got := eval(t, v, prelude+code); got != want {
			t.Errorf("%s:\n got %s\nwant %s", code, got, want)
		}
	}
}

// Each interpreter has classes of its own.
func TestClassesBelongToTheirInterpreter(t *testing.T) {
	one, two := newVM(t, classes()), newVM(t, classes())
	eval(t, one, `m.Counter.extra = "x"`)
	if got := eval(t, two, `return m.Counter.extra`); got != "nil" {
		t.Errorf("got %s", got)
	}
}

func TestGoPartsOfObjects(t *testing.T) {
	v := newVM(t, classes())
	do(t, v, func(L *lua.LState) error {
		part := 3
		object := bind.New(L, &stepClass, &part)
		if got, ok := bind.Part[*int](object); !ok || got != &part {
			t.Errorf("got %v, %v", got, ok)
		}
		if _, ok := bind.Part[string](object); ok {
			t.Error("a part of another type was found")
		}
		if _, ok := bind.Part[*int](lua.LString("x")); ok {
			t.Error("a string has a part")
		}
		if bind.ClassOf(object) != &stepClass || bind.NameOf(object) != "Step" {
			t.Errorf("got class %v, name %s", bind.ClassOf(object), bind.NameOf(object))
		}
		if !bind.IsClass(stepClass.In(L)) || bind.IsClass(object) {
			t.Error("a class is not told from its objects")
		}
		return nil
	})
}
