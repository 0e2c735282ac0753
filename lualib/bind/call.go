package bind

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/exceptions"
	"avescript/lualib/codec"
	"avescript/lualib/vm"
)

// Call is one call of a bound function.
type Call struct {
	L    *lua.LState
	Self *lua.LTable // the object, for a method

	sig     *signature
	skip    int // the number of values before the arguments
	results int
}

// begin removes self from the arguments and checks their number.
func (c *Call) begin() error {
	if c.sig.method {
		self, ok := c.L.Get(1).(*lua.LTable)
		if !ok || !instanceOf(self, c.sig.class.In(c.L)) {
			return c.typeErrorf("wanted a %s as self, got %s; call a method as object:method(...), not object.method(...)",
				c.sig.class.Name, Describe(c.L.Get(1)))
		}
		c.Self, c.skip = self, 1
	}
	if n := c.Len(); n > len(c.sig.params) && !c.sig.variadic {
		return c.typeErrorf("wanted %s, got %d", atMost(len(c.sig.params)), n)
	}
	return nil
}

func atMost(n int) string {
	switch n {
	case 0:
		return "no arguments"
	case 1:
		return "at most 1 argument"
	}
	return fmt.Sprintf("at most %d arguments", n)
}

// Len returns the number of arguments, without self.
func (c *Call) Len() int { return c.L.GetTop() - c.skip }

// Arg returns the argument at index i, from 1, without self.
func (c *Call) Arg(i int) lua.LValue { return c.L.Get(c.skip + i) }

// Args unpacks the arguments in order into pointers: see [Unpack] for their types.
// An optional argument that is nil or missing leaves its variable unchanged.
func (c *Call) Args(into ...any) error {
	for i, target := range into {
		v := c.Arg(i + 1)
		if v == lua.LNil && i >= c.sig.required {
			continue
		}
		if err := Unpack(c.L, v, target); err != nil {
			return c.argError(i, v, err)
		}
	}
	return nil
}

func (c *Call) argError(i int, got lua.LValue, err error) error {
	name := "..."
	if i < len(c.sig.params) {
		name = c.sig.params[i]
	}
	var option *optionError
	if errors.As(err, &option) {
		return c.typeErrorf("%w", option)
	}
	if w := wanted(""); errors.As(err, &w) {
		what := Describe(got)
		if got == lua.LNil && i >= c.Len() {
			what = "nothing"
		}
		return c.typeErrorf("argument '%s': %w, got %s", name, w, what)
	}
	return c.typeErrorf("argument '%s': %w", name, err)
}

func (c *Call) typeErrorf(format string, args ...any) error {
	return exceptions.TypeError.Newf("%s: %w", c.sig.name, fmt.Errorf(format, args...))
}

// Return pushes the results: see [Value] for the types.
func (c *Call) Return(values ...any) error {
	for _, v := range values {
		c.L.Push(Value(c.L, v))
	}
	c.results += len(values)
	return nil
}

// ReturnJSON pushes a Go value in the form that its JSON would have.
func (c *Call) ReturnJSON(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	value, err := codec.For(c.L).Decode(text)
	if err != nil {
		return err
	}
	if t, ok := value.(*lua.LTable); ok {
		t.Metatable = lua.LNil // without the mark of lists and objects, so that it prints and compares like any table
	}
	return c.Return(value)
}

// Unlocked runs wait without the lock: see [vm.Unlocked].
func (c *Call) Unlocked(wait func(ctx context.Context)) { vm.Unlocked(c.L, wait) }

// Through calls a Lua function and returns all its results.
func (c *Call) Through(fn lua.LValue, args ...lua.LValue) error {
	base := c.L.GetTop()
	c.L.Push(fn)
	for _, arg := range args {
		c.L.Push(arg)
	}
	c.L.Call(len(args), lua.MultRet)
	c.results += c.L.GetTop() - base
	return nil
}

// Rest returns the arguments from index i on, without self.
func (c *Call) Rest(i int) (rest []lua.LValue) {
	for ; i <= c.Len(); i++ {
		rest = append(rest, c.Arg(i))
	}
	return rest
}

// New makes an object around its Go part, of the class that the called function or
// method belongs to.
func (c *Call) New(part any) *lua.LTable { return New(c.L, c.sig.class, part) }

// Invoke calls a Lua function and returns its first result. Its errors are raised
// in the code that L runs.
func Invoke(L *lua.LState, fn lua.LValue, args ...any) lua.LValue {
	L.Push(fn)
	for _, arg := range args {
		L.Push(Value(L, arg))
	}
	L.Call(len(args), 1)
	result := L.Get(-1)
	L.Pop(1)
	return result
}

// Method calls self:name(args...) and returns its first result.
func Method(L *lua.LState, self *lua.LTable, name string, args ...any) lua.LValue {
	return Invoke(L, L.GetField(self, name), append([]any{self}, args...)...)
}
