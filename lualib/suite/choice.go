package suite

import (
	lua "github.com/yuin/gopher-lua"

	"avescript/core/harness"
	"avescript/lualib/bind"
)

// choice returns the tests that the command line chooses, and what it says about
// their order and deadlines.
func choice(c *bind.Call) error {
	opts := of(c.L).opts
	said := c.L.NewTable()
	for name, list := range map[string][]string{
		"filters":    opts.Choice.Filters,
		"filter_out": opts.Choice.FilterOut,
		"quarantine": opts.Quarantine,
	} {
		said.RawSetString(name, bind.Value(c.L, list))
	}
	said.RawSetString("file", lua.LString(of(c.L).file))
	said.RawSetString("lines", opts.job.lineList(c.L))
	said.RawSetString("all", lua.LBool(opts.Choice.IsAll() && opts.job.isAll()))
	said.RawSetString("list", lua.LBool(opts.List))
	said.RawSetString("timeout", lua.LNumber(opts.Timeout))
	said.RawSetString("hook_timeout", lua.LNumber(opts.HookTimeout))
	if opts.Seed != 0 {
		said.RawSetString("seed", lua.LNumber(opts.Seed))
	}
	return c.Return(said)
}

// diedIn tells whether another worker died while it ran a block.
func diedIn(c *bind.Call) error {
	var block *lua.LTable
	if err := c.Args(&block); err != nil {
		return err
	}
	return c.Return(of(c.L).opts.job.diedIn(keyOf(block)))
}

func keyOf(element *lua.LTable) string {
	return harness.Event{Path: texts(element.RawGetString("path")), Line: int(lua.LVAsNumber(element.RawGetString("line")))}.Key()
}

// skips tells whether this worker leaves out a test.
func skips(c *bind.Call) error {
	var test *lua.LTable
	if err := c.Args(&test); err != nil {
		return err
	}
	name := harness.Event{Path: texts(test.RawGetString("path"))}.FullName()
	return c.Return(of(c.L).opts.job.skips(keyOf(test), name))
}

// missing lists the names that were asked for and that no test has had.
func missing(c *bind.Call) error { return c.Return(of(c.L).opts.job.missing()) }

// tagged tells whether a test has the chosen tags; true if no tags were chosen.
func tagged(c *bind.Call) error {
	var test *lua.LTable
	if err := c.Args(&test); err != nil {
		return err
	}
	return c.Return(of(c.L).opts.Choice.HasTags(texts(c.L.GetField(test, "tags"))))
}

// taggedOut tells whether a test, or a block with everything in it, is left out
// because of its tags.
func taggedOut(c *bind.Call) error {
	var element *lua.LTable
	if err := c.Args(&element); err != nil {
		return err
	}
	excludes := of(c.L).opts.Choice.ExcludesTest
	if c.L.GetField(element, "children") != lua.LNil {
		excludes = of(c.L).opts.Choice.ExcludesBlock
	}
	return c.Return(excludes(texts(c.L.GetField(element, "tags"))))
}
