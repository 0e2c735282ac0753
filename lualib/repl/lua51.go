package repl

import (
	_ "embed"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/stdlib"
)

// lua51 has the functions of Lua's own library, a line each: how they are called, and
// what they do.
//
//go:embed lua51.txt
var lua51 string

var lua51Signatures = sync.OnceValue(func() map[string]signature {
	all := map[string]signature{}
	for line := range strings.Lines(lua51) {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), "(")
		params, summary, _ := strings.Cut(rest, ") ")
		s := signature{summary: summary}
		if params != "" {
			s.params = strings.Split(params, ", ")
		}
		all[name] = s
	}
	return all
})

// libraries are the tables that have the functions.
var libraries = []string{"coroutine", "debug", "io", "math", "os", "package", "string", "table"}

// ofLua51 finds a function of Lua's own library by what it is. A method of a string has
// the string in front.
func (g globals) ofLua51(owner lua.LValue, name string, fn *lua.LFunction) (s signature, ok bool) {
	if owner != nil {
		for _, library := range libraries {
			if t, isTable := g.global(library).(*lua.LTable); isTable && t.RawGetString(name) == fn {
				s, ok = lua51Signatures()[library+"."+name]
				if owner.Type() == lua.LTString && ok {
					s.params = s.params[1:]
				}
				return s, ok
			}
		}
	}
	if stdlib.DescribeFile(owner) != "" {
		name = "file:" + name
	} else if owner != nil {
		return s, false
	}
	s, ok = lua51Signatures()[name]
	return s, ok && fn.Proto == nil
}
