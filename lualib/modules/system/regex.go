package system

import (
	"fmt"
	"regexp"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/exceptions"
	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// RegexModule is ave.regex: regular expressions with alternatives, repeated groups
// and character classes, which Lua patterns do not have. They are those of RE2,
// whose time is linear in the length of the text.
var RegexModule = bind.Module{
	Name: "ave.regex",
	Funcs: []bind.Fn{
		bind.Func("escape", "text", regexEscape),
		bind.Func("find", "text, pattern, init?", regexFind),
		bind.Func("gmatch", "text, pattern", regexGmatch),
		bind.Func("groups", "text, pattern, init?", regexGroups),
		bind.Func("gsub", "text, pattern, replacement, limit?", regexGsub),
		bind.Func("match", "text, pattern, init?", regexMatch),
		bind.Func("split", "text, pattern, limit?", regexSplit),
	},
}

// patterns caches the expressions that an interpreter has used last. Scripts use
// few, mostly in loops.
var patterns = vm.Keep(func(*lua.LState) map[string]*regexp.Regexp { return map[string]*regexp.Regexp{} })

const keptPatterns = 200

func compiled(L *lua.LState, pattern string) (*regexp.Regexp, error) {
	known := patterns.Of(L)
	if re, ok := known[pattern]; ok {
		return re, nil
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("malformed regular expression: %w", err)
	}
	if len(known) == keptPatterns {
		clear(known)
	}
	known[pattern] = re
	return re, nil
}

// subject is the text and the expression: the first two arguments.
type subject struct {
	text string
	re   *regexp.Regexp
}

func subjectOf(c *bind.Call, more ...any) (s subject, err error) {
	var pattern string
	if err := c.Args(append([]any{&s.text, &pattern}, more...)...); err != nil {
		return s, err
	}
	s.re, err = compiled(c.L, pattern)
	return s, err
}

// first finds the first match from init on, the third argument: 1 is the first
// byte, -1 the last.
func first(c *bind.Call) (s subject, at []int, err error) {
	init := 1
	if s, err = subjectOf(c, &init); err != nil {
		return s, nil, err
	}
	if init < 0 {
		init = max(len(s.text)+init+1, 1)
	}
	from := max(init, 1) - 1
	if from > len(s.text) {
		return s, nil, nil
	}
	at = s.re.FindStringSubmatchIndex(s.text[from:])
	for i := range at {
		if at[i] >= 0 {
			at[i] += from
		}
	}
	return s, at, nil
}

// group returns the text of group i of a match. A group that took no part is false,
// because nil would end the loop of gmatch.
func (s subject) group(at []int, i int) lua.LValue {
	if at[2*i] < 0 {
		return lua.LFalse
	}
	return lua.LString(s.text[at[2*i]:at[2*i+1]])
}

// captures returns the groups of a match, or the whole match if the expression has
// no groups.
func (s subject) captures(at []int) (values []any) {
	for i := 1; i < len(at)/2; i++ {
		values = append(values, s.group(at, i))
	}
	if values == nil {
		values = []any{s.group(at, 0)}
	}
	return values
}

func regexEscape(c *bind.Call) error {
	var text string
	if err := c.Args(&text); err != nil {
		return err
	}
	return c.Return(regexp.QuoteMeta(text))
}

func regexFind(c *bind.Call) error {
	s, at, err := first(c)
	if err != nil || at == nil {
		return err
	}
	values := []any{at[0] + 1, at[1]}
	if len(at) > 2 {
		values = append(values, s.captures(at)...)
	}
	return c.Return(values...)
}

func regexMatch(c *bind.Call) error {
	s, at, err := first(c)
	if err != nil || at == nil {
		return err
	}
	return c.Return(s.captures(at)...)
}

// regexGroups returns the groups of a match by number and name.
func regexGroups(c *bind.Call) error {
	s, at, err := first(c)
	if err != nil || at == nil {
		return err
	}
	groups := c.L.NewTable()
	for i, name := range s.re.SubexpNames() {
		groups.RawSetInt(i, s.group(at, i))
		if name != "" {
			groups.RawSetString(name, s.group(at, i))
		}
	}
	return c.Return(groups)
}

func regexGmatch(c *bind.Call) error {
	s, err := subjectOf(c)
	if err != nil {
		return err
	}
	matches := s.re.FindAllStringSubmatchIndex(s.text, -1)
	return c.Return(bind.Function(c.L, "ave.regex.gmatch", "...", func(c *bind.Call) error {
		if len(matches) == 0 {
			return nil
		}
		at := matches[0]
		matches = matches[1:]
		return c.Return(s.captures(at)...)
	}))
}

// regexGsub takes what string.gsub does: a text with %0 to %9, a table, or a
// function.
func regexGsub(c *bind.Call) error {
	var replacement lua.LValue
	limit := -1
	s, err := subjectOf(c, &replacement, &limit)
	if err != nil {
		return err
	}
	var b strings.Builder
	end, n := 0, 0
	for _, at := range s.re.FindAllStringSubmatchIndex(s.text, limit) {
		with, err := s.replaced(c.L, at, replacement)
		if err != nil {
			return fmt.Errorf("ave.regex.gsub: %w", err)
		}
		b.WriteString(s.text[end:at[0]])
		b.WriteString(with)
		end = at[1]
		n++
	}
	b.WriteString(s.text[end:])
	return c.Return(b.String(), n)
}

func (s subject) replaced(L *lua.LState, at []int, replacement lua.LValue) (string, error) {
	var with lua.LValue
	switch r := replacement.(type) {
	case lua.LString, lua.LNumber:
		return s.expanded(at, r.String())
	case *lua.LTable:
		with = L.GetTable(r, s.captures(at)[0].(lua.LValue))
	case *lua.LFunction:
		with = bind.Invoke(L, r, s.captures(at)...)
	default:
		return "", exceptions.TypeError.Newf("argument 'replacement': %w", bind.Mismatch("a string, a table or a function", r))
	}
	switch with := with.(type) {
	case lua.LString, lua.LNumber:
		return with.String(), nil
	case lua.LBool, *lua.LNilType:
		if !lua.LVAsBool(with) {
			return s.text[at[0]:at[1]], nil
		}
	}
	return "", exceptions.TypeError.Newf("%w", bind.Mismatch("a string or nothing as the replacement", with))
}

// expanded replaces %0 to %9 by groups.
func (s subject) expanded(at []int, template string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(template); i++ {
		if template[i] != '%' {
			b.WriteByte(template[i])
			continue
		}
		i++
		switch {
		case i == len(template):
			return "", fmt.Errorf("after %% the replacement must have a digit or another %%, got %q", template)
		case template[i] == '%':
			b.WriteByte('%')
		case template[i] < '0' || template[i] > '9':
			return "", fmt.Errorf("after %% the replacement must have a digit or another %%, got %q", template)
		case 2*int(template[i]-'0') >= len(at):
			return "", fmt.Errorf("the expression has no group %%%c, which the replacement uses", template[i])
		default:
			b.WriteString(lua.LVAsString(s.group(at, int(template[i]-'0'))))
		}
	}
	return b.String(), nil
}

func regexSplit(c *bind.Call) error {
	limit := -1
	s, err := subjectOf(c, &limit)
	if err != nil {
		return err
	}
	return c.Return(s.re.Split(s.text, limit))
}
