package bind

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// Seconds is a time in seconds, whole or not. A missing one is as good as nil;
// math.huge is for ever.
type Seconds struct {
	length time.Duration // negative for ever
	given  bool
}

// Or is the time, negative for ever, or else what nil means.
func (s Seconds) Or(missing time.Duration) time.Duration {
	if !s.given {
		return missing
	}
	return s.length
}

// Unpacker is a type that knows how it is read from a Lua value. Its error
// says what was wanted, with [Wanted].
type Unpacker interface {
	UnpackLua(L *lua.LState, v lua.LValue) error
}

// Wanted is the error of a value of the wrong type: "a string", "a list of
// profiles". What came, and where, is added to it.
func Wanted(what string) error { return wanted(what) }

type wanted string

func (w wanted) Error() string { return "wanted " + string(w) }

// Mismatch is the error of a value of the wrong type that names both.
func Mismatch(want string, got lua.LValue) error {
	return fmt.Errorf("wanted %s, got %s", want, Describe(got))
}

// Unpack reads v into the variable that target points to: a string, bool,
// int, float64, [Seconds], []string, map[string]string, any kind of Lua value,
// an [Unpacker], or a struct of options.
func Unpack(L *lua.LState, v lua.LValue, target any) error {
	switch p := target.(type) {
	case Unpacker:
		return p.UnpackLua(L, v)
	case *lua.LValue:
		*p = v
		return nil
	case **lua.LTable:
		return assign(p, v, "a table")
	case **lua.LFunction:
		return assign(p, v, "a function")
	case *string:
		switch v.(type) {
		case lua.LString, lua.LNumber:
			*p = v.String()
			return nil
		}
		return wanted("a string")
	case *bool:
		b, ok := v.(lua.LBool)
		if !ok {
			return wanted("true or false")
		}
		*p = bool(b)
		return nil
	case *int:
		n, ok := v.(lua.LNumber)
		if !ok || float64(n) != math.Trunc(float64(n)) || math.Abs(float64(n)) > 1<<53 {
			return wanted("a whole number")
		}
		*p = int(n)
		return nil
	case *float64:
		n, ok := v.(lua.LNumber)
		if !ok {
			return wanted("a number")
		}
		*p = float64(n)
		return nil
	case *Seconds:
		return p.unpack(v)
	case *[]string:
		return unpackList(v, p)
	case *map[string]string:
		return unpackMap(v, p)
	}
	if s := reflect.ValueOf(target).Elem(); s.Kind() == reflect.Struct {
		return unpackOptions(L, v, s)
	}
	panic(fmt.Sprintf("bind: no way to unpack into a %T", target))
}

func assign[T lua.LValue](p *T, v lua.LValue, want string) error {
	value, ok := v.(T)
	if !ok {
		return wanted(want)
	}
	*p = value
	return nil
}

// longest is the longest time that Seconds takes: about 292 years.
const longest = float64(math.MaxInt64) / float64(time.Second)

func (s *Seconds) unpack(v lua.LValue) error {
	switch n := v.(type) {
	case *lua.LNilType:
		*s = Seconds{}
		return nil
	case lua.LNumber:
		if f := float64(n); f >= 0 && !math.IsNaN(f) {
			*s = Seconds{-1, true}
			if f < longest {
				s.length = time.Duration(f * float64(time.Second))
			}
			return nil
		}
	}
	return wanted("a number of seconds, 0 or more")
}

func unpackList(v lua.LValue, p *[]string) error {
	const want = "a list of strings"
	t, ok := v.(*lua.LTable)
	if !ok {
		return wanted(want)
	}
	list := make([]string, 0, t.Len())
	for i := 1; i <= t.Len(); i++ {
		switch s := t.RawGetInt(i).(type) {
		case lua.LString, lua.LNumber:
			list = append(list, s.String())
		default:
			return fmt.Errorf("%w at index %d", Mismatch(want, s), i)
		}
	}
	*p = list
	return nil
}

func unpackMap(v lua.LValue, p *map[string]string) (err error) {
	const want = "a table of strings"
	t, ok := v.(*lua.LTable)
	if !ok {
		return wanted(want)
	}
	entries := map[string]string{}
	t.ForEach(func(key, value lua.LValue) {
		name, isName := key.(lua.LString)
		switch value.(type) {
		case lua.LString, lua.LNumber:
			if isName {
				entries[string(name)] = value.String()
				return
			}
		}
		err = fmt.Errorf("wanted %s, got %s = %s", want, key, Describe(value))
	})
	*p = entries
	return err
}

// optionError is something wrong with an entry of a table of options.
type optionError struct{ name, text string }

func (e *optionError) Error() string { return fmt.Sprintf("option '%s': %s", e.name, e.text) }

// unpackOptions reads a table into a struct whose fields have the tag
// `lua:"name"`. An entry that no field has is an error: a misspelt option must
// not be ignored.
func unpackOptions(L *lua.LState, v lua.LValue, into reflect.Value) error {
	t, ok := v.(*lua.LTable)
	if !ok {
		return wanted("a table of options")
	}
	fields := map[string]int{}
	var names []string
	for i := range into.NumField() {
		name := into.Type().Field(i).Tag.Get("lua")
		fields[name] = i
		names = append(names, name)
	}
	for key, value := t.Next(lua.LNil); key != lua.LNil; key, value = t.Next(key) {
		name, ok := key.(lua.LString)
		if !ok {
			return wanted("a table of options by name (" + strings.Join(names, ", ") + ")")
		}
		i, ok := fields[string(name)]
		if !ok {
			return &optionError{string(name), "there is no such option; there are " + strings.Join(names, ", ")}
		}
		err := Unpack(L, value, into.Field(i).Addr().Interface())
		if w := wanted(""); errors.As(err, &w) {
			err = Mismatch(string(w), value)
		}
		if err != nil {
			return &optionError{string(name), err.Error()}
		}
	}
	return nil
}

// Describe is a value as an error message shows it: its type, and the value
// itself where that is short.
func Describe(v lua.LValue) string {
	switch v := v.(type) {
	case *lua.LNilType:
		return "nil"
	case lua.LBool, lua.LNumber:
		return v.String()
	case lua.LString:
		const most = 40
		if len(v) > most {
			return "the string " + strconv.Quote(string(v[:most])+"...")
		}
		return "the string " + strconv.Quote(string(v))
	case *lua.LTable:
		if name := className(v.Metatable); name != "" {
			return "a " + name
		}
	}
	return "a " + v.Type().String()
}

// Value makes a Lua value of a Go one: nil, a Lua value, string, []byte, bool,
// any integer or float, []string, a time as seconds, or a list of such.
func Value(L *lua.LState, v any) lua.LValue {
	switch v := v.(type) {
	case nil:
		return lua.LNil
	case lua.LValue:
		return v
	case string:
		return lua.LString(v)
	case []byte:
		return lua.LString(v)
	case bool:
		return lua.LBool(v)
	case int:
		return lua.LNumber(v)
	case float64:
		return lua.LNumber(v)
	case time.Duration:
		return lua.LNumber(v.Seconds())
	case []string:
		list := L.CreateTable(len(v), 0)
		for _, s := range v {
			list.Append(lua.LString(s))
		}
		return list
	case []any:
		list := L.CreateTable(len(v), 0)
		for _, entry := range v {
			list.Append(Value(L, entry))
		}
		return list
	}
	panic(fmt.Sprintf("bind: no way to make a Lua value of a %T", v))
}
