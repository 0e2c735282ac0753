package suite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/pm"

	"avescript/core/harness/plan"
	"avescript/lualib/script"
	"avescript/lualib/vm"
)

// DotFile has the options of busted: a Lua file that returns a table of tables.
const DotFile = ".busted"

// Settings are the contents of a .busted file.
type Settings struct {
	Roots           []string // files and directories, if the command line names none
	Patterns        []string // Lua patterns for the names of test files
	ExcludePatterns []string
	Choice          plan.Choice
	Helper          string
	HelperArguments []string
	Path            string

	// Ignored are options that have no effect here.
	Ignored []string
}

// ReadSettings reads the tables _all and default of a .busted file, if it exists.
func ReadSettings(ctx context.Context, file string, newVM func() *vm.VM) (Settings, error) {
	var s Settings
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	v := newVM()
	defer v.Close()
	err := v.Do(ctx, func(L *lua.LState) error {
		chunk, err := v.LoadFile(file)
		if err != nil {
			return err
		}
		L.Push(chunk)
		L.Call(0, 1)
		tables, ok := L.Get(-1).(*lua.LTable)
		if !ok {
			return fmt.Errorf("wanted a table, got a %s", L.Get(-1).Type())
		}
		for _, name := range []string{"_all", "default"} {
			if err := s.read(tables.RawGetString(name)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Settings{}, fmt.Errorf("%s: %w", file, err)
	}
	slices.Sort(s.Ignored)
	s.Ignored = slices.Compact(s.Ignored)
	return s, nil
}

// read adds the options of a table; later options win.
func (s *Settings) read(v lua.LValue) error {
	table, ok := v.(*lua.LTable)
	if !ok {
		return nil
	}
	lists := map[string]*[]string{
		"ROOT":            &s.Roots,
		"pattern":         &s.Patterns,
		"exclude-pattern": &s.ExcludePatterns,
		"filter":          &s.Choice.Filters,
		"filter-out":      &s.Choice.FilterOut,
		"tags":            &s.Choice.Tags,
		"exclude-tags":    &s.Choice.ExcludeTags,
		"Xhelper":         &s.HelperArguments,
	}
	texts := map[string]*string{"helper": &s.Helper, "lpath": &s.Path}
	var wrong error
	table.ForEach(func(key, v lua.LValue) {
		name := key.String()
		switch list, text := lists[name], texts[name]; {
		case list != nil:
			values, err := listOf(v, strings.HasSuffix(name, "tags") || name == "Xhelper")
			wrong = errors.Join(wrong, named(name, err))
			*list = values
		case text == nil:
			s.Ignored = append(s.Ignored, name)
		case v.Type() == lua.LTString:
			*text = v.String()
		default:
			wrong = errors.Join(wrong, named(name, fmt.Errorf("wanted a string, got a %s", v.Type())))
		}
	})
	return wrong
}

func named(option string, err error) error {
	if err != nil {
		return fmt.Errorf("option %s: %w", option, err)
	}
	return nil
}

// listOf reads a list of strings or a single string; for tags, a string may have
// commas.
func listOf(v lua.LValue, commas bool) (list []string, err error) {
	add := func(v lua.LValue) {
		switch {
		case v.Type() != lua.LTString:
			err = fmt.Errorf("wanted a string or a list of strings, got a %s", v.Type())
		case commas:
			list = append(list, splitTags(v.String())...)
		default:
			list = append(list, v.String())
		}
	}
	if t, ok := v.(*lua.LTable); ok {
		for i := 1; i <= t.Len(); i++ {
			add(t.RawGetInt(i))
		}
		return list, err
	}
	add(v)
	return list, err
}

func splitTags(text string) (list []string) {
	for expression := range strings.SplitSeq(text, ",") {
		if expression = strings.TrimSpace(expression); expression != "" {
			list = append(list, expression)
		}
	}
	return list
}

// IsTest reports whether a file in a directory has tests, by its name. Without
// patterns, the names are [script.TestNames].
func (s Settings) IsTest(name string) bool {
	wanted := script.IsTestName(name)
	if s.Patterns != nil {
		wanted = script.IsName(name) && anyMatch(s.Patterns, name)
	}
	return wanted && !anyMatch(s.ExcludePatterns, name)
}

func anyMatch(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		found, err := pm.Find(pattern, []byte(name), 0, 1)
		return pattern != "" && err == nil && len(found) > 0
	})
}
