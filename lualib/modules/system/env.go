package system

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bind"
)

// EnvModule is ave.env: the environment variables of the process.
var EnvModule = bind.Module{
	Name: "ave.env",
	Funcs: []bind.Fn{
		bind.Func("all", "", envAll),
		bind.Func("expand", "text", envExpand),
		bind.Func("get", "name, default?", envGet),
		bind.Func("set", "name, value", envSet),
		bind.Func("unset", "name", envUnset),
		bind.Func("with", "settings", envWith),
	},
}

// variables are values by name; nil means that the variable is not set.
type variables map[string]*string

func (s *variables) UnpackLua(_ *lua.LState, v lua.LValue) (err error) {
	const want = "a table of names and values, which are strings or false"
	table, ok := v.(*lua.LTable)
	if !ok {
		return bind.Wanted(want)
	}
	*s = variables{}
	table.ForEach(func(key, value lua.LValue) {
		name, isName := key.(lua.LString)
		switch text := value.(type) {
		case lua.LString, lua.LNumber:
			(*s)[string(name)] = new(text.String())
		default:
			isName = isName && value == lua.LFalse
			(*s)[string(name)] = nil
		}
		if !isName {
			err = fmt.Errorf("wanted %s, got %s = %s", want, key, bind.Describe(value))
		}
	})
	return err
}

// apply changes the environment, and returns the old values.
func (s variables) apply() (old variables, err error) {
	old = variables{}
	for _, name := range slices.Sorted(maps.Keys(s)) {
		if value, ok := os.LookupEnv(name); ok {
			old[name] = &value
		} else {
			old[name] = nil
		}
		if value := s[name]; value == nil {
			err = errors.Join(err, os.Unsetenv(name))
		} else {
			err = errors.Join(err, setVariable(name, *value))
		}
	}
	return old, err
}

func setVariable(name, value string) error {
	if err := os.Setenv(name, value); err != nil {
		return fmt.Errorf("wanted the name of a variable and a value, both without zero bytes, got %q = %q", name, value)
	}
	return nil
}

func envAll(c *bind.Call) error {
	table := c.L.NewTable()
	for _, entry := range os.Environ() {
		if name, value, ok := strings.Cut(entry, "="); ok && name != "" {
			table.RawSetString(name, lua.LString(value))
		}
	}
	return c.Return(table)
}

// reference matches a dollar and what belongs to it. It is compiled on first use,
// because most scripts do not need it.
var reference = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\$(?:\$|\w+|\{[^}]*\}?)`)
})

// envExpand replaces $NAME, ${NAME} and ${NAME:-default}; $$ gives a dollar.
func envExpand(c *bind.Call) error {
	var text string
	if err := c.Args(&text); err != nil {
		return err
	}
	var missing, malformed []string
	expanded := reference().ReplaceAllStringFunc(text, func(word string) string {
		name := strings.TrimSuffix(strings.TrimPrefix(word[1:], "{"), "}")
		switch {
		case name == "$":
			return "$"
		case name == "", word[1] == '{' && !strings.HasSuffix(word, "}"):
			malformed = append(malformed, word)
			return ""
		}
		name, otherwise, hasDefault := strings.Cut(name, ":-")
		value, ok := os.LookupEnv(name)
		switch {
		case hasDefault && value == "":
			return otherwise
		case !ok:
			missing = append(missing, name)
		}
		return value
	})
	if malformed != nil {
		return fmt.Errorf("ave.env.expand: malformed %q: wanted ${NAME} or ${NAME:-default}", malformed)
	}
	if missing != nil {
		return fmt.Errorf("ave.env.expand: these variables are not set: %q", missing)
	}
	return c.Return(expanded)
}

func envGet(c *bind.Call) error {
	var name string
	otherwise := c.Arg(2)
	if err := c.Args(&name, &otherwise); err != nil {
		return err
	}
	if value, ok := os.LookupEnv(name); ok {
		return c.Return(value)
	}
	return c.Return(otherwise)
}

func envSet(c *bind.Call) error {
	var name, value string
	if err := c.Args(&name, &value); err != nil {
		return err
	}
	return setVariable(name, value)
}

func envUnset(c *bind.Call) error {
	var name string
	if err := c.Args(&name); err != nil {
		return err
	}
	return os.Unsetenv(name)
}

// envWith returns a function that calls another function with changed variables.
func envWith(c *bind.Call) error {
	var s variables
	if err := c.Args(&s); err != nil {
		return err
	}
	return c.Return(bind.Function(c.L, "ave.env.with", "fn, ...", func(c *bind.Call) error {
		var fn *lua.LFunction
		if err := c.Args(&fn); err != nil {
			return err
		}
		old, err := s.apply()
		defer func() { _, _ = old.apply() }() // even if fn raises an error
		if err != nil {
			return err
		}
		return c.Through(fn, c.Rest(2)...)
	}))
}
