package bind

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/connection"
	"avescript/core/suggest"
	"avescript/lualib/stdlib"
)

// Seconds is a time in seconds; fractions are allowed. A missing one counts as nil;
// math.huge means no limit.
type Seconds struct {
	length time.Duration // negative means no limit
	given  bool
}

// SecondsOf returns a time as if a script had given it; negative means no limit.
func SecondsOf(d time.Duration) Seconds { return Seconds{d, true} }

// Or returns the time, negative for no limit; if it was nil, missing.
func (s Seconds) Or(missing time.Duration) time.Duration {
	if !s.given {
		return missing
	}
	return s.length
}

// Timeout returns how long the core waits; without a limit, connection.Forever.
func (s Seconds) Timeout() time.Duration { return s.Or(connection.Forever) }

// After returns a channel that receives when the time is over; never if there is no
// limit.
func (s Seconds) After() <-chan time.Time {
	if d := s.Or(-1); d >= 0 {
		return time.After(d)
	}
	return nil
}

// Unpacker is a type that reads itself from a Lua value. Its error says what was
// wanted, with [Wanted].
type Unpacker interface {
	UnpackLua(L *lua.LState, v lua.LValue) error
}

// Wanted returns the error for a value of the wrong type, such as "a string" or "a
// list of profiles". The place and the actual value are added to it.
func Wanted(what string) error { return wanted(what) }

type wanted string

func (w wanted) Error() string { return "wanted " + string(w) }

// Mismatch returns the error for a value of the wrong type, with what was wanted
// and what was given.
func Mismatch(want string, got lua.LValue) error {
	return fmt.Errorf("wanted %s, got %s", want, Describe(got))
}

// Unpack reads v into the variable that target points to: a string, bool, int,
// float64, [Seconds], time.Duration, []string, map[string]string, any kind of Lua
// value, an [Unpacker], or a struct of options. [Options] can be a target too.
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
	case *time.Duration:
		var s Seconds
		err := s.unpack(v)
		*p = s.Or(*p)
		return err
	case *[]string:
		return unpackList(v, p)
	case *map[string]string:
		return unpackMap(v, p)
	case Options:
		return p.unpack(L, v)
	}
	if s := reflect.ValueOf(target).Elem(); s.Kind() == reflect.Struct {
		return optionsOf(s).unpack(L, v)
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

// optionError is an error in an entry of a table of options.
type optionError struct{ name, text string }

func (e *optionError) Error() string { return fmt.Sprintf("option '%s': %s", e.name, e.text) }

// Options are the entries of a table of options that is not read into one struct
// with tags, such as fields of a struct in core/, which has no tags.
type Options []Option

// Option is one entry.
type Option struct {
	name string
	into any
}

// Into makes an option whose value is stored in target: see [Unpack].
func Into(name string, target any) Option { return Option{name, target} }

// optionsOf returns the fields of a struct that have the tag `lua:"name"`.
func optionsOf(s reflect.Value) Options {
	options := make(Options, s.NumField())
	for i := range options {
		options[i] = Option{s.Type().Field(i).Tag.Get("lua"), s.Field(i).Addr().Interface()}
	}
	return options
}

// unpack reads a table. An unknown entry is an error, so that a misspelt option is
// not ignored.
func (o Options) unpack(L *lua.LState, v lua.LValue) error {
	t, ok := v.(*lua.LTable)
	if !ok {
		return wanted("a table of options")
	}
	for key, value := t.Next(lua.LNil); key != lua.LNil; key, value = t.Next(key) {
		name, ok := key.(lua.LString)
		if !ok {
			return wanted("a table of options by name (" + strings.Join(o.names(), ", ") + ")")
		}
		i := slices.IndexFunc(o, func(option Option) bool { return option.name == string(name) })
		if i < 0 {
			return &optionError{string(name), "there is no such option" + suggest.Among(string(name), o.names())}
		}
		err := Unpack(L, value, o[i].into)
		if w := wanted(""); errors.As(err, &w) {
			err = Mismatch(string(w), value)
		}
		if err != nil {
			return &optionError{string(name), err.Error()}
		}
	}
	return nil
}

func (o Options) names() (names []string) {
	for _, option := range o {
		names = append(names, option.name)
	}
	return names
}

// Describe returns a value as error messages show it: its type, and the value
// itself if it is short.
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
	case *lua.LUserData:
		if file := stdlib.DescribeFile(v); file != "" {
			return file
		}
	case *lua.LTable:
		if name := className(v.Metatable); name != "" {
			return "a " + name
		}
	}
	return "a " + v.Type().String()
}

// Value converts a Go value to a Lua value: nil, a Lua value, string, []byte, bool,
// any integer or float, []string, a time as seconds, or a list of these.
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
