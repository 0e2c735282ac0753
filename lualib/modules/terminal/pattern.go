package terminal

import (
	"context"
	"fmt"
	"strconv"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/exceptions"
	"avescript/core/terminal"
	"avescript/lualib/bind"
	"avescript/lualib/stdlib"
)

// patternClass is Pattern: what a session can expect other than plain text.
var patternClass = bind.Class{
	Name: "Pattern",
	Init: bind.MadeBy("Pattern", "ave.cmd.pattern and ave.cmd.regex"),
	Meta: map[string]lua.LGFunction{"__tostring": func(L *lua.LState) int {
		if p, ok := bind.Part[terminal.Pattern](L.Get(1)); ok {
			L.Push(lua.LString(p.String()))
			return 1
		}
		L.Push(lua.LString("Pattern"))
		return 1
	}},
}

func newPattern(L *lua.LState, p terminal.Pattern) *lua.LTable { return bind.New(L, &patternClass, p) }

// cmdPattern makes a Pattern from a Lua pattern.
func cmdPattern(c *bind.Call) error {
	var text string
	if err := c.Args(&text); err != nil {
		return err
	}
	p, err := stdlib.NewPattern(text)
	if err != nil {
		return exceptions.TypeError.Newf("ave.cmd.pattern: %q: %w", text, err)
	}
	return c.Return(newPattern(c.L, luaPattern{p}))
}

// cmdRegex makes a Pattern from a regular expression.
func cmdRegex(c *bind.Call) error {
	var expr string
	if err := c.Args(&expr); err != nil {
		return err
	}
	p, err := terminal.NewRegex(expr)
	if err != nil {
		return exceptions.TypeError.Newf("ave.cmd.regex: malformed regular expression: %w", err)
	}
	return c.Return(newPattern(c.L, p))
}

// pattern unpacks a string or a Pattern.
type pattern struct{ terminal.Pattern }

func (p *pattern) UnpackLua(_ *lua.LState, v lua.LValue) error {
	if text, ok := v.(lua.LString); ok && text != "" {
		p.Pattern = terminal.Plain(text)
		return nil
	}
	var ok bool
	if p.Pattern, ok = bind.Part[terminal.Pattern](v); !ok {
		return bind.Wanted("a string that is not empty, or a pattern")
	}
	return nil
}

// patternList unpacks a pattern or a list of them.
type patternList []terminal.Pattern

func (list *patternList) UnpackLua(L *lua.LState, v lua.LValue) error {
	var one pattern
	if one.UnpackLua(L, v) == nil {
		*list = patternList{one.Pattern}
		return nil
	}
	const want = "a string that is not empty, a pattern, or a list of these"
	t, ok := v.(*lua.LTable)
	if !ok || t.Len() == 0 {
		return bind.Wanted(want)
	}
	for i := 1; i <= t.Len(); i++ {
		if err := one.UnpackLua(L, t.RawGetInt(i)); err != nil {
			return fmt.Errorf("%w at index %d", bind.Mismatch(want, t.RawGetInt(i)), i)
		}
		*list = append(*list, one.Pattern)
	}
	return nil
}

// textList is a patternList of only strings and events.
type textList struct{ patternList }

func (list *textList) UnpackLua(L *lua.LState, v lua.LValue) error {
	if err := list.patternList.UnpackLua(L, v); err != nil {
		return err
	}
	for _, p := range list.patternList {
		_, text := p.(terminal.Plain)
		if !text && p != terminal.EOF && p != terminal.Timeout {
			return fmt.Errorf("wanted only strings, EOF and TIMEOUT, got %s; use expect for patterns", p)
		}
	}
	return nil
}

// luaPattern adapts a Lua pattern to the core.
type luaPattern struct{ *stdlib.Pattern }

func (p luaPattern) String() string { return "pattern " + strconv.Quote(p.Pattern.String()) }

func (p luaPattern) Search() terminal.Search { return &luaSearch{pattern: p.Pattern} }

// luaSearch never splits a character, as a "." in the pattern, which matches a
// byte, would do.
type luaSearch struct {
	pattern *stdlib.Pattern
	from    int // no match begins before it
	thrift  terminal.Thrift
}

func (s *luaSearch) Next(ctx context.Context, w terminal.Window) ([]int, bool, error) {
	text := w.Complete()
	from := max(s.from-w.Dropped, 0)
	if !s.thrift.Worthwhile(len(text)-from, w) {
		return nil, false, nil
	}
	found, err := s.pattern.Find(ctx, text, from)
	if found.At == nil {
		s.from = w.Dropped + found.Open
		return nil, true, err
	}
	return found.At, found.Firm || w.Quiet, err
}

func (s *luaSearch) Open() int { return s.from }
